"""Vocabulary, messages, sites, plans and the plan-safety rules: what every room agrees on."""
