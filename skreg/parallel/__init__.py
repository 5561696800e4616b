"""The joblib backend "skreg": threads of this process, or a Dask cluster."""
