//! The five kinds of node, one file each, written from `model/PROTOCOL.md`.
