//! The limits of the store: no key, page, batch or table grows without one.

/// Bytes of a key.
pub const KEY_BYTES_MAX: usize = 1024;
/// Bytes of a value.
pub const VALUE_BYTES_MAX: usize = 256 * 1024;
/// Comparisons of a transaction.
pub const COMPARES_MAX: usize = 128;
/// Puts and deletes of a transaction together.
pub const OPERATIONS_MAX: usize = 128;
/// Bytes of the keys and values that a transaction puts.
pub const TRANSACTION_BYTES_MAX: usize = 2 * 1024 * 1024;

/// Transactions that share one sync.
pub const BATCH_TRANSACTIONS_MAX: usize = 256;
/// Bytes of the transactions that share one sync, but for the last.
pub const BATCH_BYTES_MAX: usize = 8 * 1024 * 1024;

/// Entries of a page, and events asked for at once.
pub const PAGE_ENTRIES_MAX: usize = 1024;
/// Bytes of keys and values after which a page ends.
pub const PAGE_BYTES_MAX: usize = 4 * 1024 * 1024;
/// Changes that are looked at for one page of events, most of which may be of other keys.
pub const CHANGES_SCANNED_MAX: usize = 16 * 1024;

/// Keys with a value at the same time.
pub const KEYS_MAX: u64 = 1_000_000;
/// Revisions that are kept, after which the oldest are compacted of themselves.
pub const HISTORY_REVISIONS_MAX: u64 = 65_536;
/// Changes that one transaction of the disk compacts.
pub const COMPACTION_ROWS_MAX: usize = 4096;

/// Leases at the same time.
pub const LEASES_MAX: u64 = 65_536;
/// Keys of a lease, which go in one transaction.
pub const LEASE_KEYS_MAX: usize = OPERATIONS_MAX;
/// The longest time of a lease: a day.
pub const TTL_US_MAX: u64 = 24 * 60 * 60 * 1_000_000;
/// Leases that one call ends.
pub const EXPIRED_AT_ONCE_MAX: usize = 64;

/// Bytes of one chunk of the log; more are split.
pub const CHUNK_BYTES_MAX: usize = 64 * 1024;
/// Chunks of the log, thus about how often it is appended to between two replacements.
pub const LOG_CHUNKS_MAX: u64 = 1024 * 1024;
/// Bytes of the log, which is read as a whole.
pub const LOG_BYTES_MAX: u64 = 256 * 1024 * 1024;

/// Memory in which pages of the disk are kept.
pub const CACHE_BYTES_MAX: usize = 64 * 1024 * 1024;

/// Bytes of an account's name.
pub const ACCOUNT_NAME_BYTES_MAX: usize = 255;
/// Account numbers that can ever be given: all that the protocol has.
pub const ACCOUNT_NUMBERS_MAX: u32 = 1 << 16;
/// Bytes of a stored record of an account. The largest is the list of its documents.
pub const RECORD_BYTES_MAX: usize = 16 * 1024;
/// Bytes of the salt of a verifier.
pub const SALT_BYTES_MAX: usize = 64;
/// Iterations of a verifier.
pub const ITERATIONS_MAX: u32 = 10_000_000;
/// Private documents of a user.
pub const DOCUMENTS_MAX: usize = 32;
/// Bytes of the name of a private document.
pub const DOCUMENT_NAME_BYTES_MAX: usize = 255;
/// Bytes of a private document.
pub const DOCUMENT_BYTES_MAX: usize = VALUE_BYTES_MAX;
/// How often something is tried again because others came in between.
pub const TRIES_MAX: u32 = 64;
