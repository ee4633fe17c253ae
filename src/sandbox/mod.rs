//! A stand-in for the Kaleyra endpoint.
