"""The races: one package each, with a module ``race`` that says what is asked and an adapter for each contestant."""
