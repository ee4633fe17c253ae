//! The engine that carries out an approved plan.
