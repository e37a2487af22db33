"""A minute ahead at one junction, or at a few that stand close together: what a choice of stages would cost."""
