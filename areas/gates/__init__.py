"""Gates: of cells that have them within, and as cells of their own."""

from areas.gates.gated_cell import GatedCell as GatedCell
from areas.gates.gated_pyramidal import GatedPyramidal as GatedPyramidal
from areas.gates.layer_norm_sublstm import LayerNormSubLSTM as LayerNormSubLSTM
