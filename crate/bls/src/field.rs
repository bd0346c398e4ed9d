//! The base field and its extensions.

mod constant;
mod fp;
mod fp12;
mod fp2;
mod fp6;
mod limbs;

pub(crate) use fp::Fp;
pub(crate) use fp2::Fp2;
pub(crate) use fp6::Fp6;
pub(crate) use fp12::Fp12;
#[cfg(test)]
pub(crate) use limbs::{BITS, LIMBS};

/// What points' coordinates can do: [`Fp`] for keys, [`Fp2`] for signatures and messages.
///
/// Sums are not reduced: in units of a reduced element's limbs, `+` and `-` add up their operands'
/// sizes. An element may reach 15 units. Operands of a product may be of 7 units each and have 16 as
/// the product of both sizes, the one of a square may be of 2. Products, squares and what
/// [`Field::carried`] gives are of 1 unit. Debug builds panic beyond these bounds.
pub(crate) trait Field:
    Copy
    + core::fmt::Debug
    + core::ops::Add<Output = Self>
    + core::ops::Sub<Output = Self>
    + core::ops::Neg<Output = Self>
    + core::ops::Mul<Output = Self>
{
    const ZERO: Self;
    const ONE: Self;
    fn square(self) -> Self;
    /// The inverse; of zero, zero.
    fn inverse(self) -> Self;
    /// The same element of 1 unit.
    fn carried(self) -> Self;
    fn is_zero(self) -> bool;

    fn double(self) -> Self {
        self + self
    }
}

/// Inverts all elements at the price of one inversion; zeros stay zeros.
pub(crate) fn invert_all<F: Field>(elements: &mut [F]) {
    let mut product = F::ONE;
    let mut products = alloc::vec::Vec::with_capacity(elements.len());
    for element in elements.iter() {
        products.push(product);
        if !element.is_zero() {
            product = product * *element;
        }
    }
    let mut inverse = product.inverse();
    for (element, before) in elements.iter_mut().zip(products).rev() {
        if !element.is_zero() {
            let next = inverse * *element;
            *element = inverse * before;
            inverse = next;
        }
    }
}
