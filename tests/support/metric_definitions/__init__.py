"""What each metric mart must say, worked out from the truth of a company: definitions as data.

Queries of items give a subject, the places that it counts for, when it started, when and how it ended. They
build on what the vendors can reveal (the views and comparisons of `truth`), so that what is left to compare
is the metrics' own: which items count, for whom, in which week, and what the cohort's figures are.
"""

from support.metric_definitions import ci, coverage, delivery, flow, product, review
from support.metric_definitions.views import VIEWS as SHARED_VIEWS

METRICS = (
    *flow.METRICS,
    *delivery.METRICS,
    *review.METRICS,
    *ci.METRICS,
    *product.METRICS,
    *coverage.METRICS,
)
VIEWS = (SHARED_VIEWS, delivery.VIEWS, review.VIEWS, ci.VIEWS, product.VIEWS)
