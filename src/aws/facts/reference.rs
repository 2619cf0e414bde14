//! An image's name, taken apart as Docker does it.

/// `HOST/REPOSITORY:TAG` or `HOST/REPOSITORY@DIGEST`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Reference {
    /// The registry: `docker.io`, `public.ecr.aws`, `localhost:5000`.
    pub host: String,
    /// The repository within it: `library/nginx`.
    pub repository: String,
    /// The tag, `latest` where none is given; or the digest, `sha256:…`.
    pub version: String,
}

impl Reference {
    /// Takes an image's name apart.
    pub fn parse(image: &str) -> Self {
        let (name, digest) = match image.split_once('@') {
            Some((name, digest)) => (name, Some(digest)),
            None => (image, None),
        };
        let last = name.rfind('/').map_or(0, |at| at + 1);
        let (path, tag) = match name[last..].find(':') {
            Some(at) => (&name[..last + at], Some(&name[last + at + 1..])),
            None => (name, None),
        };
        let (host, repository) = match path.split_once('/') {
            Some((host, rest)) if host.contains(['.', ':']) || host == "localhost" => {
                (host.to_owned(), rest.to_owned())
            }
            Some(_) => ("docker.io".to_owned(), path.to_owned()),
            None => ("docker.io".to_owned(), format!("library/{path}")),
        };
        let version = digest.or(tag).unwrap_or("latest").to_owned();
        Self { host, repository, version }
    }

    /// Whether the version is a digest.
    pub(super) fn is_digest(&self) -> bool {
        self.version.contains(':')
    }

    /// Account and region of a private ECR registry.
    pub fn ecr(&self) -> Option<(&str, &str)> {
        let (account, rest) = self.host.split_once(".dkr.ecr.")?;
        let (region, rest) = rest.split_once('.')?;
        rest.starts_with("amazonaws.com").then_some((account, region))
    }

    /// Whether the registry is on this machine.
    pub fn is_loopback(&self) -> bool {
        let name = self.host.rsplit_once(':').map_or(self.host.as_str(), |(name, _)| name);
        name == "localhost" || name.starts_with("127.") || name == "[::1]"
    }

    /// Where the registry's API is. Registries on this machine speak plain HTTP, as Docker has it.
    pub(super) fn api(&self) -> String {
        match self.host.as_str() {
            "docker.io" | "index.docker.io" => "https://registry-1.docker.io/v2".to_owned(),
            host if self.is_loopback() => format!("http://{host}/v2"),
            host => format!("https://{host}/v2"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::Reference;

    #[test]
    fn names_are_taken_apart_as_docker_does() {
        let parse = |image: &str| {
            let it = Reference::parse(image);
            format!("{} {} {}", it.api(), it.repository, it.version)
        };
        for (image, wanted) in [
            ("nginx", "https://registry-1.docker.io/v2 library/nginx latest"),
            ("a/b:1.2", "https://registry-1.docker.io/v2 a/b 1.2"),
            ("public.ecr.aws/nginx/nginx:1.27", "https://public.ecr.aws/v2 nginx/nginx 1.27"),
            ("localhost:5000/web", "http://localhost:5000/v2 web latest"),
            ("ghcr.io/a/b:1@sha256:ab", "https://ghcr.io/v2 a/b sha256:ab"),
        ] {
            assert_eq!(parse(image), wanted);
        }
        let own = Reference::parse("123456789012.dkr.ecr.eu-west-1.amazonaws.com/demo/api:abc");
        assert_eq!(own.ecr(), Some(("123456789012", "eu-west-1")));
        assert_eq!(Reference::parse("nginx").ecr(), None);
    }
}
