from .held_out import HeldOut as HeldOut
from .held_out import held_out_errors as held_out_errors
from .module import BrainModule as BrainModule
from .run_folder import RunFolder as RunFolder
