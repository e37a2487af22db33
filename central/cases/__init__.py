"""Cases: from the report of a box to the decision of a named person, with every look and every step in the audit."""
