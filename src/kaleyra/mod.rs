//! The wire: form, multipart, reply, codes, client.
