//! Where `etcd` and `kube-apiserver` are.

use std::ffi::OsStr;
use std::path::{Path, PathBuf};

use super::Trouble;

/// How to come by the programs.
const INSTALL: &str = "install Kubernetes' test programs, for example by `go install sigs.k8s.io/controller-runtime/tools/setup-envtest@latest` \
     and `export KUBEBUILDER_ASSETS=$(setup-envtest use -p path)`, or put etcd and kube-apiserver on PATH";

/// The two programs.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Programs {
    /// The key-value store.
    pub etcd: PathBuf,
    /// The API server.
    pub kube_apiserver: PathBuf,
}

impl Programs {
    /// Those in the folder that `KUBEBUILDER_ASSETS` names, else those on PATH.
    ///
    /// # Errors
    /// One of them is not there, or is no program.
    pub fn find() -> Result<Self, Trouble> {
        let assets = std::env::var_os("KUBEBUILDER_ASSETS").filter(|folder| !folder.is_empty());
        match assets {
            Some(folder) => Self::within(Path::new(&folder)),
            None => Self::on_path(&std::env::var_os("PATH").unwrap_or_default()),
        }
    }

    /// Those in a folder.
    ///
    /// # Errors
    /// One of them is not there, or is no program.
    pub fn within(folder: &Path) -> Result<Self, Trouble> {
        let find = |name: &str| {
            let path = folder.join(name);
            if !path.is_file() {
                let what = format!(
                    "there is no {name} in {}, which KUBEBUILDER_ASSETS names",
                    folder.display()
                );
                return Err(Trouble::new(what, INSTALL));
            }
            if !executable(&path) {
                let what = format!("{} cannot be executed", path.display());
                return Err(Trouble::new(what, format!("chmod +x {}", path.display())));
            }
            Ok(path)
        };
        Ok(Self { etcd: find("etcd")?, kube_apiserver: find("kube-apiserver")? })
    }

    fn on_path(path: &OsStr) -> Result<Self, Trouble> {
        let find = |name: &str| {
            let mut all = std::env::split_paths(path).map(|folder| folder.join(name));
            all.find(|path| executable(path)).ok_or_else(|| {
                let what = format!("KUBEBUILDER_ASSETS is not set, and there is no {name} on PATH");
                Trouble::new(what, INSTALL)
            })
        };
        Ok(Self { kube_apiserver: find("kube-apiserver")?, etcd: find("etcd")? })
    }
}

#[cfg(unix)]
fn executable(path: &Path) -> bool {
    use std::os::unix::fs::PermissionsExt;
    path.metadata().is_ok_and(|found| found.is_file() && found.permissions().mode() & 0o111 != 0)
}

#[cfg(not(unix))]
fn executable(path: &Path) -> bool {
    path.is_file()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_missing_is_named() {
        let folder = tempfile::tempdir().unwrap();
        let told =
            |error: Trouble| error.what.replace(&folder.path().display().to_string(), "FOLDER");
        let error = Programs::within(folder.path()).unwrap_err();
        assert_eq!(error.hint, INSTALL);
        assert_eq!(told(error), "there is no etcd in FOLDER, which KUBEBUILDER_ASSETS names");
        std::fs::write(folder.path().join("etcd"), "").unwrap();
        let error = Programs::within(folder.path()).unwrap_err();
        assert_eq!(told(error), "FOLDER/etcd cannot be executed");
        let error = Programs::on_path(folder.path().as_os_str()).unwrap_err();
        assert_eq!(
            told(error),
            "KUBEBUILDER_ASSETS is not set, and there is no kube-apiserver on PATH"
        );
    }
}
