"""Every hyperparameter is declared here once: a file for each concept, beside each other.

`declaration` says what a declaration holds, `table` lists all of them, `estimator` makes
constructors, constraints and docs of them, and `settings` what the engine takes.
"""
