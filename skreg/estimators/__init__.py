"""The estimators: scikit-learn's API in front, the engine behind."""
