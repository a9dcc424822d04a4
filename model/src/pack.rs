//! A state as bytes: the rows in use and no others, so that a state that waits to be explored takes a tenth of the memory.
//!
//! Each table is the number of its rows, in one byte, and their cells. History that properties keep is packed the same way.

use crate::size::{Num, Row, Size, Table};
use crate::state::{BUDGETS, State};

/// Appends cells.
#[inline]
pub fn put_cells<N: Num>(cells: &[N], bytes: &mut Vec<u8>) {
    N::put(cells, bytes);
}

/// Takes cells off the front.
#[inline]
pub fn take_cells<N: Num>(cells: &mut [N], bytes: &mut &[u8]) {
    let (own, rest) = bytes.split_at(size_of_val(cells));
    N::take(own, cells);
    *bytes = rest;
}

/// Appends the rows of a table.
///
/// # Panics
/// If there are more than 255.
#[inline]
pub fn put_table<N: Num, R: Row<N>>(table: &impl Table<N, R>, bytes: &mut Vec<u8>) {
    let rows = u8::try_from(table.len()).expect("a table of fixed size has at most 255 rows");
    bytes.push(rows);
    // Most tables are empty.
    if rows > 0 {
        put_cells(R::flatten(table.raw()), bytes);
    }
}

/// Takes the rows of a table off the front, and puts them into one that is empty.
///
/// # Panics
/// If these are not the bytes of such a table.
#[inline]
pub fn take_table<N: Num, R: Row<N>>(table: &mut impl Table<N, R>, bytes: &mut &[u8]) {
    let (rows, rest) = bytes.split_first().expect("a table begins with the number of its rows");
    *bytes = rest;
    if *rows > 0 {
        assert!(table.fill((*rows).into()), "the table has room for the rows that it had");
        take_cells(R::flatten_mut(table.raw_mut()), bytes);
    }
}

/// Calls a macro with every table of the state.
macro_rules! for_each_table {
    ($with:ident, $state:ident, $bytes:ident) => {
        $with!($state, $bytes: flight, clients, waiting, pending, servers, feeds, replicas, queue, handed, relay, ledger, log,
            awaited, controls, outages)
    };
}

impl<S: Size> State<S> {
    /// Appends the state.
    pub fn pack(&self, bytes: &mut Vec<u8>) {
        bytes.extend_from_slice(&self.budgets);
        put_cells(&self.single_cells(), bytes);
        macro_rules! put {
            ($state:ident, $bytes:ident: $($table:ident),+) => { $(put_table(&$state.$table, $bytes);)+ };
        }
        for_each_table!(put, self, bytes);
    }

    /// Takes a state off the front.
    ///
    /// # Panics
    /// If these are not the bytes of a state of this size.
    pub fn unpack(bytes: &mut &[u8]) -> Self {
        let mut state = State::<S>::empty();
        let (budgets, rest) = bytes.split_at(BUDGETS);
        state.budgets.copy_from_slice(budgets);
        *bytes = rest;
        let mut cells = state.single_cells();
        take_cells(&mut cells, bytes);
        state.set_single_cells(cells);
        macro_rules! take {
            ($state:ident, $bytes:ident: $($table:ident),+) => { $(take_table(&mut $state.$table, $bytes);)+ };
        }
        for_each_table!(take, state, bytes);
        state
    }
}
