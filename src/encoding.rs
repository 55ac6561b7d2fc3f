//! Bytes and texts as other programs want them: digests in hexadecimal, texts in XML.
//!
//! Files of results, records of inputs and pictures share these; what is encoded, and why, is theirs.

use std::io::{self, Write};

use serde_json::Value;
use sha2::{Digest, Sha256};

/// SHA-256 of `bytes` in 64 lower-case hexadecimal digits. Source: FIPS 180-4.
pub fn sha256(bytes: &[u8]) -> String {
    hexadecimal(&Sha256::digest(bytes))
}

fn hexadecimal(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

/// Passes bytes on and takes their digest on the way, for what is too large to be held at once.
pub struct Digesting<W> {
    to: W,
    digest: Sha256,
}

impl<W: Write> Digesting<W> {
    /// Nothing passed on yet.
    pub fn new(to: W) -> Digesting<W> {
        Digesting { to, digest: Sha256::new() }
    }

    /// Where bytes went, and [`sha256`] of them.
    pub fn finish(self) -> (W, String) {
        (self.to, hexadecimal(&self.digest.finalize()))
    }
}

impl<W: Write> Write for Digesting<W> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let written = self.to.write(bytes)?;
        self.digest.update(&bytes[..written]);
        Ok(written)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.to.flush()
    }
}

/// The digest that seals a JSON object: of all its members but `seal`, keys sorted, without spaces. Whatever is not an object has
/// none.
pub fn seal(json: &Value) -> Option<String> {
    let mut sealed = json.as_object()?.clone();
    sealed.remove("seal");
    Some(sha256(Value::Object(sealed).to_string().as_bytes()))
}

/// `text` for an element or attribute of XML 1.0: markup escaped, and what the format cannot hold left out.
/// Source: XML 1.0 (fifth edition), sections 2.2 and 2.4.
pub fn xml(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for sign in text.chars() {
        match sign {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '"' => out.push_str("&quot;"),
            '\n' | '\t' => out.push(sign),
            _ if sign.is_control() || matches!(sign, '\u{FFFE}' | '\u{FFFF}') => {}
            _ => out.push(sign),
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_digest_is_the_published_one() {
        let abc = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad";
        assert_eq!(sha256(b"abc"), abc);
    }

    #[test]
    fn a_seal_is_of_all_else() {
        let json = serde_json::json!({ "b": [1, "two"], "a": 0, "seal": "none yet" });
        let own = seal(&json).expect("an object");
        assert_eq!(own, sha256(br#"{"a":0,"b":[1,"two"]}"#));
        assert_eq!(seal(&serde_json::json!({ "seal": own, "b": [1, "two"], "a": 0 })), Some(own.clone()));
        assert_ne!(seal(&serde_json::json!({ "b": [1, "too"] })), Some(own));
        assert_eq!(seal(&serde_json::json!([])), None);
    }

    #[test]
    fn xml_escapes_markup_and_drops_what_it_cannot_hold() {
        assert_eq!(xml("a < b & \"c\" > d\n\u{1}\u{FFFF}é"), "a &lt; b &amp; &quot;c&quot; &gt; d\né");
    }
}
