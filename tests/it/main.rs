//! The whole program in a made world: files, a fixed clock, a scripted server.
