"""scikit-learn's checks: all of them, or those whose outcome a hyperparameter can change."""

import pytest
from sklearn.utils.estimator_checks import estimator_checks_generator

# What these look at are the same lines of an estimator under any setting of its hyperparameters:
# constructor and tags, which rows, weights and targets are refused, which containers are read.
OF_THE_CLASS = {
    "check_all_zero_sample_weights_error",
    "check_array_api_input",
    "check_classifier_data_not_an_array",
    "check_classifiers_classes",
    "check_classifiers_multilabel_output_format_decision_function",
    "check_classifiers_multilabel_output_format_predict",
    "check_classifiers_multilabel_output_format_predict_proba",
    "check_classifiers_regression_target",
    "check_complex_data",
    "check_do_not_raise_errors_in_init_or_set_params",
    "check_dtype_object",
    "check_estimator_sparse_array",
    "check_estimator_sparse_matrix",
    "check_estimator_sparse_tag",
    "check_estimator_tags_renamed",
    "check_estimators_dtypes",
    "check_estimators_empty_data_messages",
    "check_estimators_nan_inf",
    "check_estimators_partial_fit_n_features",
    "check_estimators_unfitted",
    "check_fit1d",
    "check_fit2d_predict1d",
    "check_fit_score_takes_y",
    "check_get_params_invariance",
    "check_mixin_order",
    "check_n_features_in",
    "check_n_features_in_after_fitting",
    "check_no_attributes_set_in_init",
    "check_parameters_default_constructible",
    "check_positive_only_tag_during_fit",
    "check_regressor_data_not_an_array",
    "check_regressors_int",
    "check_regressors_no_decision_function",
    "check_requires_y_none",
    "check_sample_weight_equivalence_on_sparse_data",
    "check_sample_weights_list",
    "check_sample_weights_not_an_array",
    "check_sample_weights_pandas_series",
    "check_sample_weights_shape",
    "check_supervised_y_2d",
    "check_supervised_y_no_nan",
    "check_transformer_data_not_an_array",
    "check_transformers_unfitted",
    "check_valid_tag_types",
}


def checks(table, whole):
    """Parameters (estimator, check): all checks for names in `whole`, else those of the fit."""
    assert whole <= {name for name, _ in table}
    return pytest.mark.parametrize(
        ("estimator", "check"),
        [
            pytest.param(estimator, check, id=f"{name}-{check.func.__name__}-{check.keywords}")
            for name, estimator in table
            for _, check in estimator_checks_generator(estimator)
            if name in whole or not _is_of_the_class(check)
        ],
    )


def _is_of_the_class(check):
    return check.func.__name__ in OF_THE_CLASS or check.keywords == {"readonly_memmap": True}
