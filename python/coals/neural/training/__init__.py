"""Training on torch: the loop over epochs, and for each network its initial weights, batches and loss."""
