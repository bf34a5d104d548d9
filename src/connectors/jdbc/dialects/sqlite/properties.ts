import { type DriverTable, words } from '../shared/driver-properties.ts'

/** Every property of sqlite-jdbc (`JDBC.getPropertyInfo`). */
export const sqliteJdbcProperties: DriverTable = {
  driver: 'sqlite-jdbc',
  version: '3.54.1.0',
  ignoresCase: true,
  acts: words(`busy_timeout open_mode
    automatic_index cache_size mmap_size case_sensitive_like read_uncommitted reverse_unordered_selects temp_store`),
  needless: {
    'the file of the source stays as it is, its mode and its settings too': words(
      'journal_mode application_id auto_vacuum default_cache_size encoding incremental_vacuum journal_size_limit legacy_file_format locking_mode max_page_count page_size secure_delete synchronous fullsync user_version wal_autocheckpoint'
    ),
    'it is about writing, and this connector only reads': words(
      'cache_spill count_changes defer_foreign_keys foreign_keys legacy_alter_table recursive_triggers transaction_mode jdbc.explicit_readonly jdbc.get_generated_keys date_class'
    ),
    'SQLite itself has given it up': words(
      'empty_result_callback full_column_names short_column_names temp_store_directory'
    )
  },
  idle: {
    'files are not encrypted, and have no users': words('user password hexkey_mode'),
    'times as text are read in the forms of ISO 8601': words('date_string_format'),
    'the limits are those SQLite was built with': words(
      'limit_attached limit_column limit_compound_select limit_expr_depth limit_function_arg limit_length limit_like_pattern_length limit_page_count limit_sql_length limit_trigger_depth limit_variable_number limit_vdbe_op limit_worker_threads'
    )
  },
  refused: {
    'no native code is loaded for a query': ['enable_load_extension=false|no|off|0'],
    'each session has a cache of its own': ['shared_cache=false|no|off|0'],
    'whole numbers are read as milliseconds since 1970': ['date_precision=milliseconds']
  }
}
