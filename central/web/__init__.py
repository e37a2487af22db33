"""The API and the page of the control centre."""
