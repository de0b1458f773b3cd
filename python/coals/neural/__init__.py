"""Models that are neural networks. torch fits them; once fitted, they serve, save and load without it.

``pip install 'coals[neural]'`` brings torch.
"""

from __future__ import annotations

from coals.neural.auto_rec import AutoRec
from coals.neural.cf_nade import CFNADE
from coals.neural.embedding_dot import EmbeddingDot
from coals.neural.embedding_dot_bias import EmbeddingDotBias
from coals.neural.embedding_net import EmbeddingNet
from coals.neural.mult_dae import MultDAE
from coals.neural.mult_vae import MultVAE

__all__ = ["CFNADE", "AutoRec", "EmbeddingDot", "EmbeddingDotBias", "EmbeddingNet", "MultDAE", "MultVAE"]
