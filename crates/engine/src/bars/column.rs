//! One shared, immutable column of values.

use std::ops::Range;

use arrow_buffer::{ArrowNativeType, ScalarBuffer};

/// An immutable column whose clones and slices share one allocation (which may be a mapped file).
#[derive(Debug, Clone)]
pub struct Column<T: ArrowNativeType>(ScalarBuffer<T>);

impl<T: ArrowNativeType> Column<T> {
    /// A part of the column, without copying.
    #[must_use]
    pub fn slice(&self, range: Range<usize>) -> Self {
        Self(self.0.slice(range.start, range.len()))
    }

    /// Bytes of memory behind the column: its allocation, with what of it is unused or another slice's;
    /// for memory that is not the allocator's, such as a mapped file, the column's own bytes.
    #[must_use]
    pub fn allocated_bytes(&self) -> usize {
        self.0.inner().capacity().max(self.0.inner().len())
    }
}

impl<T: ArrowNativeType> From<Vec<T>> for Column<T> {
    fn from(values: Vec<T>) -> Self {
        Self(ScalarBuffer::from(values))
    }
}

impl<T: ArrowNativeType> From<ScalarBuffer<T>> for Column<T> {
    fn from(values: ScalarBuffer<T>) -> Self {
        Self(values)
    }
}

impl<T: ArrowNativeType> std::ops::Deref for Column<T> {
    type Target = [T];

    fn deref(&self) -> &[T] {
        &self.0
    }
}
