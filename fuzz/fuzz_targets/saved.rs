//! Any bytes are a manifest or checkpoint, or are refused: each also behind a seal that fits.
#![no_main]

use libfuzzer_sys::fuzz_target;
use loophole::encoding::{seal, sha256};
use loophole::engine::progress::Progress;
use loophole::export::manifest::Manifest;

fuzz_target!(|bytes: &[u8]| {
    let identity = sha256(b"fuzz");
    let _refused = Progress::from_bytes(bytes, &identity);
    let mut sealed = Progress::head(&identity);
    sealed.extend_from_slice(bytes);
    let fits = sha256(&sealed);
    sealed.extend_from_slice(fits.as_bytes());
    if let Ok(progress) = Progress::from_bytes(&sealed, &identity) {
        // Bytes, since numbers may be none (NaN) and then differ from themselves.
        let once = progress.to_bytes(&identity);
        let again = Progress::from_bytes(&once, &identity).map(|again| again.to_bytes(&identity));
        assert!(again.as_ref() == Ok(&once), "what is sealed is not what is read");
    }
    let read = |text: &str| match Manifest::read(text) {
        Ok(manifest) => assert_eq!(Manifest::read(&manifest.to_json()), Ok(manifest)),
        Err(problems) => assert!(!problems.is_empty()),
    };
    if let Ok(text) = std::str::from_utf8(bytes) {
        read(text);
        if let Ok(mut json) = serde_json::from_str::<serde_json::Value>(text)
            && let Some(own) = seal(&json)
        {
            json["seal"] = own.into();
            read(&json.to_string());
        }
    }
});
