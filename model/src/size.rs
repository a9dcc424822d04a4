//! One set of rules, two sizes: what the state is made of.
//!
//! Exploration wants a small state of fixed size without a heap; the validation of long runs wants one that grows.
//! The rules are written once over [`Size`], and [`Fixed`] and [`Growable`] are its two instantiations.

use std::fmt::Debug;
use std::hash::{Hash, Hasher};

use spillway_traces::{Node, Role};

use crate::state::State;

/// The number type of every cell of the state.
pub trait Num: Copy + Ord + Default + Hash + Debug + Send + Sync + 'static {
    /// The largest count a cell can hold.
    const MAX: u32;

    /// A cell of this value, which is at most [`Num::MAX`].
    fn of(value: u32) -> Self;
    /// The value of the cell.
    fn get(self) -> u32;

    /// A node as one cell, such that cells order as nodes do.
    fn of_node(node: Node) -> Self {
        debug_assert!(u32::from(node.index) < Self::PER_ROLE);
        Self::of(node.role as u32 * Self::PER_ROLE + u32::from(node.index))
    }

    /// The node in a cell that [`Num::of_node`] made.
    fn node(self) -> Node {
        let code = self.get();
        let role = Role::ALL[(code / Self::PER_ROLE) as usize];
        Node { role, index: (code % Self::PER_ROLE) as u16 }
    }

    /// Nodes of one role that a cell can tell apart.
    const PER_ROLE: u32;

    /// Appends the bytes of cells.
    fn put(cells: &[Self], bytes: &mut Vec<u8>);
    /// Reads cells from as many bytes as they have.
    fn take(bytes: &[u8], cells: &mut [Self]);
}

impl Num for u8 {
    const MAX: u32 = u8::MAX as u32;
    const PER_ROLE: u32 = 32;

    fn of(value: u32) -> u8 {
        debug_assert!(
            value <= <Self as Num>::MAX,
            "{value} does not fit a cell of the fixed-size state"
        );
        value as u8
    }
    fn get(self) -> u32 {
        u32::from(self)
    }

    #[inline]
    fn put(cells: &[u8], bytes: &mut Vec<u8>) {
        bytes.extend_from_slice(cells);
    }
    #[inline]
    fn take(bytes: &[u8], cells: &mut [u8]) {
        cells.copy_from_slice(bytes);
    }
}

impl Num for u32 {
    const MAX: u32 = u32::MAX;
    const PER_ROLE: u32 = 1 << 16;

    fn of(value: u32) -> u32 {
        value
    }
    fn get(self) -> u32 {
        self
    }

    fn put(cells: &[u32], bytes: &mut Vec<u8>) {
        bytes.extend(cells.iter().flat_map(|cell| cell.to_le_bytes()));
    }
    fn take(bytes: &[u8], cells: &mut [u32]) {
        let (words, rest) = bytes.as_chunks();
        assert!(rest.is_empty() && words.len() == cells.len(), "a cell has four bytes");
        for (cell, word) in cells.iter_mut().zip(words) {
            *cell = u32::from_le_bytes(*word);
        }
    }
}

/// One row of a table: named cells of one number type, stored side by side so that a table hashes as one slice.
pub trait Row<N: Num>: Copy + PartialEq + Debug {
    /// The row as an array of its cells.
    type Raw: Copy + Default + PartialEq + Debug + Send + Sync + 'static;

    /// To cells.
    fn pack(self) -> Self::Raw;
    /// From cells.
    fn unpack(raw: Self::Raw) -> Self;
    /// All cells of consecutive rows.
    fn flatten(raw: &[Self::Raw]) -> &[N];
    /// The same, to be changed in place.
    fn flatten_mut(raw: &mut [Self::Raw]) -> &mut [N];
}

/// An ordered list of rows with a limit.
pub trait Table<N: Num, R: Row<N>>: Clone + Default + PartialEq + Debug + Send + Sync {
    /// The rows as they are stored.
    fn raw(&self) -> &[R::Raw];
    /// The rows as they are stored, to be changed in place.
    fn raw_mut(&mut self) -> &mut [R::Raw];
    /// Puts a row in, the later ones moving up. False, and nothing happens, if the table is full.
    #[must_use]
    fn insert(&mut self, at: usize, row: R) -> bool;
    /// Takes a row out, the later ones moving down.
    fn remove(&mut self, at: usize) -> R;
    /// Takes the rows of a range out.
    fn remove_range(&mut self, from: usize, to: usize);

    /// Puts so many rows of zeros into an empty table. False, and nothing happens, if there is no room.
    #[must_use]
    fn fill(&mut self, rows: usize) -> bool;

    /// How many rows there are.
    fn len(&self) -> usize {
        self.raw().len()
    }
    /// Whether there is none.
    fn is_empty(&self) -> bool {
        self.raw().is_empty()
    }
    /// The row at a place.
    fn get(&self, at: usize) -> R {
        R::unpack(self.raw()[at])
    }
    /// Replaces the row at a place.
    fn set(&mut self, at: usize, row: R) {
        self.raw_mut()[at] = row.pack();
    }
    /// The rows in order.
    fn iter(&self) -> impl Iterator<Item = R> + Clone + '_ {
        self.raw().iter().map(|raw| R::unpack(*raw))
    }
    /// The first row that satisfies a condition.
    fn position(&self, is: impl Fn(R) -> bool) -> Option<usize> {
        self.raw().iter().position(|raw| is(R::unpack(*raw)))
    }
    /// How many rows satisfy a condition.
    fn count(&self, is: impl Fn(R) -> bool) -> usize {
        self.iter().filter(|row| is(*row)).count()
    }
    /// Keeps the rows that satisfy a condition, in order.
    fn retain(&mut self, keep: impl Fn(R) -> bool) {
        let mut at = 0;
        while at < self.len() {
            if keep(self.get(at)) {
                at += 1;
            } else {
                self.remove(at);
            }
        }
    }
    /// Hashes the cells in use. The lengths are hashed by the state, all at once.
    #[inline]
    fn hash_cells<H: Hasher>(&self, hasher: &mut H) {
        N::hash_slice(R::flatten(self.raw()), hasher);
    }
}

/// A table in an array: at most `MAX` rows, no heap, unused rows zero.
#[derive(Clone, Copy, Debug)]
pub struct Slots<Raw, const MAX: usize> {
    len: u8,
    rows: [Raw; MAX],
}

impl<Raw: Copy + Default, const MAX: usize> Default for Slots<Raw, MAX> {
    fn default() -> Self {
        const { assert!(MAX <= u8::MAX as usize) };
        Slots { len: 0, rows: [Raw::default(); MAX] }
    }
}

impl<Raw: PartialEq, const MAX: usize> PartialEq for Slots<Raw, MAX> {
    fn eq(&self, other: &Self) -> bool {
        self.rows[..self.len as usize] == other.rows[..other.len as usize]
    }
}

impl<N: Num, R: Row<N>, const MAX: usize> Table<N, R> for Slots<R::Raw, MAX> {
    #[inline]
    fn raw(&self) -> &[R::Raw] {
        &self.rows[..self.len as usize]
    }
    #[inline]
    fn raw_mut(&mut self) -> &mut [R::Raw] {
        &mut self.rows[..self.len as usize]
    }
    #[inline]
    fn insert(&mut self, at: usize, row: R) -> bool {
        let len = self.len as usize;
        assert!(at <= len, "a row is inserted at {at}, behind the end at {len}");
        if len == MAX {
            return false;
        }
        self.rows.copy_within(at..len, at + 1);
        self.rows[at] = row.pack();
        self.len += 1;
        true
    }
    #[inline]
    fn remove(&mut self, at: usize) -> R {
        let row = R::unpack(self.rows[at]);
        Table::<N, R>::remove_range(self, at, at + 1);
        row
    }
    #[inline]
    fn remove_range(&mut self, from: usize, to: usize) {
        let len = self.len as usize;
        assert!(from <= to && to <= len, "rows {from}..{to} are removed from {len}");
        self.rows.copy_within(to..len, from);
        let left = len - (to - from);
        self.rows[left..len].fill(R::Raw::default());
        self.len = left as u8;
    }
    #[inline]
    fn fill(&mut self, rows: usize) -> bool {
        assert!(self.len == 0, "the table is empty, and unused rows are zero");
        self.len = if rows <= MAX { rows as u8 } else { 0 };
        rows <= MAX
    }
}

/// A table on the heap that grows as it must.
#[derive(Clone, Debug, PartialEq)]
pub struct Rows<Raw>(Vec<Raw>);

impl<Raw> Default for Rows<Raw> {
    fn default() -> Self {
        Rows(Vec::new())
    }
}

impl<N: Num, R: Row<N>> Table<N, R> for Rows<R::Raw> {
    fn raw(&self) -> &[R::Raw] {
        &self.0
    }
    fn raw_mut(&mut self) -> &mut [R::Raw] {
        &mut self.0
    }
    fn insert(&mut self, at: usize, row: R) -> bool {
        self.0.insert(at, row.pack());
        true
    }
    fn remove(&mut self, at: usize) -> R {
        R::unpack(self.0.remove(at))
    }
    fn remove_range(&mut self, from: usize, to: usize) {
        self.0.drain(from..to);
    }
    fn fill(&mut self, rows: usize) -> bool {
        assert!(self.0.is_empty(), "the table is empty");
        self.0.resize(rows, R::Raw::default());
        true
    }
}

/// An instantiation of the state: its number type and its tables.
pub trait Size: Clone + Copy + Debug + Default + PartialEq + Send + Sync + 'static {
    /// The number type of the cells.
    type Num: Num;
    /// A table with a row for each message in flight.
    type Flight<R: Row<Self::Num>>: Table<Self::Num, R>;
    /// A table with a row for each request, or each task of a request, that somebody holds.
    type Held<R: Row<Self::Num>>: Table<Self::Num, R>;
    /// A table with a row for each node of one role.
    type Nodes<R: Row<Self::Num>>: Table<Self::Num, R>;
    /// A table with a row for each user on each query server.
    type Replicas<R: Row<Self::Num>>: Table<Self::Num, R>;

    /// A copy of a state of this size.
    fn clone_state(state: &State<Self>) -> State<Self>;
}

/// The state of fixed size: `FLIGHT` messages, `HELD` entries a table, `NODES` a role, `CELLS` replicated users.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Fixed<const FLIGHT: usize, const HELD: usize, const NODES: usize, const CELLS: usize>;

impl<const FLIGHT: usize, const HELD: usize, const NODES: usize, const CELLS: usize> Size
    for Fixed<FLIGHT, HELD, NODES, CELLS>
{
    type Num = u8;
    type Flight<R: Row<u8>> = Slots<R::Raw, FLIGHT>;
    type Held<R: Row<u8>> = Slots<R::Raw, HELD>;
    type Nodes<R: Row<u8>> = Slots<R::Raw, NODES>;
    type Replicas<R: Row<u8>> = Slots<R::Raw, CELLS>;

    #[inline]
    fn clone_state(state: &State<Self>) -> State<Self> {
        *state
    }
}

/// The state that grows: for runs of any length.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Growable;

impl Size for Growable {
    type Num = u32;
    type Flight<R: Row<u32>> = Rows<R::Raw>;
    type Held<R: Row<u32>> = Rows<R::Raw>;
    type Nodes<R: Row<u32>> = Rows<R::Raw>;
    type Replicas<R: Row<u32>> = Rows<R::Raw>;

    fn clone_state(state: &State<Self>) -> State<Self> {
        state.clone_tables()
    }
}
