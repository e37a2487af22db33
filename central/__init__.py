"""The control centre: ingest, network state, planner, dispatch, review, API and page."""
