//! Tells the program which code it was built from: a digest of the sources and of the versions of all libraries, which
//! every manifest records, so that a replay can say whether it is the same program.

use std::path::{Path, PathBuf};

use sha2::{Digest, Sha256};

fn main() -> std::io::Result<()> {
    println!("cargo::rerun-if-changed=src");
    println!("cargo::rerun-if-changed=assets");
    println!("cargo::rerun-if-changed=Cargo.lock");
    let mut files = vec![PathBuf::from("Cargo.toml")];
    below(Path::new("src"), &mut files)?;
    below(Path::new("assets"), &mut files)?;
    if Path::new("Cargo.lock").exists() {
        files.push("Cargo.lock".into());
    }
    files.sort();
    let mut digest = Sha256::new();
    for file in files {
        digest.update(file.to_string_lossy().replace('\\', "/"));
        digest.update([0]);
        digest.update(Sha256::digest(std::fs::read(&file)?));
    }
    let hex: String = digest.finalize().iter().take(8).map(|byte| format!("{byte:02x}")).collect();
    println!("cargo::rustc-env=LOOPHOLE_CODE={hex}");
    Ok(())
}

fn below(folder: &Path, files: &mut Vec<PathBuf>) -> std::io::Result<()> {
    for entry in std::fs::read_dir(folder)? {
        let entry = entry?;
        if entry.file_type()?.is_dir() {
            below(&entry.path(), files)?;
        } else {
            files.push(entry.path());
        }
    }
    Ok(())
}
