//! Words on a screen: one value, many texts.
