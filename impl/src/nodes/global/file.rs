//! The file of the global server: frames, each with its length and its checksum, each all or nothing.
