from .dissimilarity_figure import draw_dissimilarities as draw_dissimilarities
from .report_folder import require_new as require_new
from .report_folder import write_report as write_report
from .words import verdicts as verdicts
