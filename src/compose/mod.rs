//! Recipient to message: the coupon code, the parameters, the content hash.
