"""From scores to ranked lists: filters, top-k, blending, unknown ids, score sources."""
