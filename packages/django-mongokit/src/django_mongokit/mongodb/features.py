"""What this backend can do, as Django's test tools and model checks ask for it."""

from __future__ import annotations

from django.db.backends.base.features import BaseDatabaseFeatures

__all__ = ["DatabaseFeatures"]


class DatabaseFeatures(BaseDatabaseFeatures):
    """No transactions; and nothing to warn of in SQL models, since none is ever made here."""

    supports_transactions = False
    atomic_transactions = False
    uses_savepoints = False
    can_clone_databases = True
    has_select_for_update = False

    # `check --database mongodb` asks these about every SQL model and would warn of what the models use.
    supports_collation_on_charfield = True
    supports_collation_on_textfield = True
    supports_comments = True
    supports_covering_indexes = True
    supports_deferrable_unique_constraints = True
    supports_expression_defaults = True
    supports_expression_indexes = True
    supports_json_field = True
    supports_no_precision_decimalfield = True
    supports_nulls_distinct_unique_constraints = True
    supports_on_delete_db_cascade = True
    supports_on_delete_db_default = True
    supports_on_delete_db_null = True
    supports_partial_indexes = True
    supports_stored_generated_columns = True
    supports_table_check_constraints = True
    supports_unlimited_charfield = True
    supports_virtual_generated_columns = True
