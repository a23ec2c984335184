from .eye import follow_gaze as follow_gaze
from .eye import to_eye as to_eye
from .model_activity import eye_of as eye_of
from .model_activity import record_model as record_model
from .presentation import Gaze as Gaze
from .presentation import Presentation as Presentation
from .source import ModelActivity as ModelActivity
from .source import Source as Source
