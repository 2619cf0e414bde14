//! An image in a repository of ours, built from a folder or copied from another repository.
//!
//! Images have no tags of AWS's: one is ours if its repository is. Its content has its name, the tag, so that another content is
//! another image and nothing of one ever changes. Those that nothing wants any more are the repository's contents, and end by its
//! life cycle: they are looked for only where they are wanted.

use std::collections::BTreeMap;

use aws_sdk_ecr::types::{ImageDetail, ImageIdentifier};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde::{Deserialize, Serialize};

use super::copy;
use crate::aws::{Cx, classify, unless_gone};
use crate::build::{Login, Recipe};
use crate::engine::identity::TAG_RESOURCE;
use crate::engine::{
    Change, Class, Failure, Health, Identity, Input, KindInfo, Pace, Query, ReplaceOrder, Spec,
    redact,
};
use crate::resources::resource::{Existing, Found, Live, Progress, Resource, Tags};

/// An image in a repository of ours.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Image {
    /// The repository's name.
    pub repository: Input<String>,
    /// Where the repository is: `123456789012.dkr.ecr.eu-west-1.amazonaws.com/demo/test/api`.
    pub uri: Input<String>,
    /// `sha-0123456789abcdef`: says the content.
    pub tag: String,
    /// How it is built, where it is.
    pub build: Option<Recipe>,
    /// The image of another repository, by digest, of which it is a copy.
    pub copy: Option<String>,
}

crate::outputs!(Image => ImageOutputs {
    /// `sha256:…`.
    digest: String,
    /// What a container runs: the repository's address, and the digest.
    image: String,
});

/// Members of the API's inputs that are no fields here, and why.
pub const EXCLUDED: &[(&str, &str)] = &[
    ("PutImage.registryId", "always the account's own registry"),
    ("PutImage.repositoryName", "the field `repository`"),
    ("PutImage.imageManifest", "the image itself: the builder pushes it, or it is copied"),
    ("PutImage.imageManifestMediaType", "the image itself says it"),
    ("PutImage.imageDigest", "an output: it follows from the manifest"),
];

impl Spec for Image {
    const KIND: &'static str = "ecr/image";
}

impl Resource for Image {
    const INFO: KindInfo = KindInfo {
        kind: Self::KIND,
        rules: &[],
        observe_after: &["ecr/repository"],
        order_after: &[],
        replace: ReplaceOrder::CreateFirst,
        revisioned: false,
        stateful: None,
        pace: Pace::seconds(60, 1, 120),
    };

    type Outputs = ImageOutputs;

    async fn observe(cx: &Cx, query: &Query<'_>) -> Result<Found<Self>, Failure> {
        let there = query.wanted.iter().filter_map(|wanted| {
            let repository = query.wanted_text(&wanted.address, "repository")?;
            let uri = query.wanted_text(&wanted.address, "uri")?;
            let document = query.documents.get(&wanted.address)?;
            let spec = Self::deserialize(document).ok()?;
            let spec = Self {
                repository: Input::Known(repository.to_owned()),
                uri: Input::Known(uri.to_owned()),
                ..spec
            };
            Some((wanted, spec))
        });
        let asked = there.map(|(wanted, spec)| async move {
            let id = spec.wanted_id();
            let repository = spec.repository.get()?;
            let Some(detail) = describe(cx, &repository, id).await? else { return Ok(None) };
            let identity = Identity { run: String::new(), ..wanted.clone() };
            spec.live(identity, &detail).map(Some)
        });
        let found = futures_util::future::try_join_all(asked).await?;
        Ok(Found { owned: found.into_iter().flatten().collect(), foreign: Vec::new() })
    }

    async fn create(&self, cx: &Cx, _identity: &Identity) -> Result<Progress<Self>, Failure> {
        let repository = self.repository.get()?;
        match (&self.build, &self.copy) {
            (Some(recipe), _) => self.build(cx, &repository, recipe).await?,
            (None, Some(from)) => copy::copy(cx, from, &repository, &self.tag).await?,
            (None, None) => {
                return Err(Failure::internal(format!(
                    "`{repository}:{}` is made of nothing",
                    self.tag
                )));
            }
        }
        match describe(cx, &repository, self.wanted_id()).await? {
            Some(detail) => Ok(Progress::done(self.outputs(&detail)?)),
            None => Err(Failure::new(
                Class::Broken,
                format!("`{repository}:{}` was pushed, and is not there", self.tag),
            )
            .with_hint("did the builder push to another registry? see its lines above")),
        }
    }

    /// Its content is its name: there is nothing that could change.
    async fn update(
        &self,
        _cx: &Cx,
        live: &Live<Self>,
        _changes: &[Change],
    ) -> Result<Progress<Self>, Failure> {
        Ok(Progress::done(live.outputs.clone()))
    }

    async fn delete(cx: &Cx, live: &Live<Self>) -> Result<Progress<Self>, Failure> {
        let call = cx.ecr.batch_delete_image().repository_name(live.spec.repository.get()?);
        let sent = call.image_ids(live.spec.wanted_id()).send().await;
        unless_gone(sent.map_err(|error| classify("ecr BatchDeleteImage", error)))?;
        Ok(Progress::deleted())
    }

    async fn read(
        cx: &Cx,
        _query: &Query<'_>,
        wanted: &Identity,
        id: &str,
    ) -> Result<Option<Existing<Self>>, Failure> {
        let name = id.split_once(".amazonaws.com/").map_or(id, |(_, name)| name);
        let by = ImageIdentifier::builder();
        let (repository, by) = match name.split_once('@') {
            Some((repository, digest)) => (repository, by.image_digest(digest)),
            None => match name.rsplit_once(':') {
                Some((repository, tag)) => (repository, by.image_tag(tag)),
                None => return Ok(None),
            },
        };
        let Some(tags) = tags_of(cx, repository, wanted).await? else { return Ok(None) };
        let Some(detail) = describe(cx, repository, by.build()).await? else { return Ok(None) };
        let registry = detail.registry_id().unwrap_or(&cx.account);
        let suffix = if cx.region.starts_with("cn-") { ".cn" } else { "" };
        let region = &cx.region;
        let spec = Self {
            repository: Input::Known(repository.to_owned()),
            uri: Input::Known(format!(
                "{registry}.dkr.ecr.{region}.amazonaws.com{suffix}/{repository}"
            )),
            tag: detail.image_tags().first().cloned().unwrap_or_default(),
            build: None,
            copy: None,
        };
        let outputs = spec.outputs(&detail)?;
        let make = |identity, _| Live {
            id: format!("{repository}:{}", spec.tag),
            spec,
            identity,
            outputs,
            health: Health::Ready,
        };
        Ok(Some(Existing::of(tags, wanted, make)))
    }

    async fn claim(_cx: &Cx, live: &Live<Self>, _tags: &Tags) -> Result<(), Failure> {
        let repository = live.spec.repository.get()?;
        Err(Failure::new(Class::Invalid, format!("`{}` has no tags of its own", live.id))
            .with_hint(format!(
                "take over its repository: `shipit adopt ecr/repository.NAME {repository}`"
            )))
    }

    async fn tags(cx: &Cx, live: &Live<Self>) -> Result<Option<Tags>, Failure> {
        tags_of(cx, &live.spec.repository.get()?, &live.identity).await
    }
}

impl Image {
    /// A copy is the very image; what is built is what the folder was.
    fn wanted_id(&self) -> ImageIdentifier {
        let id = ImageIdentifier::builder();
        match self.copy.as_ref().and_then(|from| from.split_once('@')) {
            Some((_, digest)) => id.image_digest(digest),
            None => id.image_tag(&self.tag),
        }
        .build()
    }

    fn outputs(&self, detail: &ImageDetail) -> Result<ImageOutputs, Failure> {
        let digest = detail.image_digest().unwrap_or_default().to_owned();
        Ok(ImageOutputs { image: format!("{}@{digest}", self.uri.get()?), digest })
    }

    fn live(self, identity: Identity, detail: &ImageDetail) -> Result<Live<Self>, Failure> {
        Ok(Live {
            id: format!("{}:{}", self.repository.get()?, self.tag),
            outputs: self.outputs(detail)?,
            identity,
            health: Health::Ready,
            spec: self,
        })
    }

    async fn build(&self, cx: &Cx, repository: &str, recipe: &Recipe) -> Result<(), Failure> {
        // Who may not sign in need not wait for a build to hear of it.
        let login = login(cx).await?;
        let reference = format!("{}/{repository}:{}", login.registry, self.tag);
        cx.workshop.build(recipe, &self.tag, &reference).await?;
        let Err(failure) = cx.workshop.push(&login, &reference).await else { return Ok(()) };
        // Tags cannot be moved: somebody else has pushed the same content meanwhile.
        match describe(cx, repository, self.wanted_id()).await {
            Ok(Some(_)) => Ok(()),
            _ => Err(failure),
        }
    }
}

/// The one image of a repository that `id` names.
async fn describe(
    cx: &Cx,
    repository: &str,
    id: ImageIdentifier,
) -> Result<Option<ImageDetail>, Failure> {
    let call = cx.ecr.describe_images().repository_name(repository).image_ids(id);
    let sent = call.send().await.map_err(|error| classify("ecr DescribeImages", error));
    Ok(unless_gone(sent)?.and_then(|answer| answer.image_details().first().cloned()))
}

/// The repository's tags, as though the image itself bore them.
async fn tags_of(cx: &Cx, repository: &str, image: &Identity) -> Result<Option<Tags>, Failure> {
    let arn = cx.arn("ecr", &format!("repository/{repository}"));
    let sent = cx.ecr.list_tags_for_resource().resource_arn(arn).send().await;
    let sent = sent.map_err(|error| classify("ecr ListTagsForResource", error));
    let Some(answer) = unless_gone(sent)? else { return Ok(None) };
    let mut tags: BTreeMap<String, String> =
        answer.tags().iter().map(|tag| (tag.key().to_owned(), tag.value().to_owned())).collect();
    if Identity::from_tags(&tags, &image.application, &image.environment).is_some() {
        tags.insert(TAG_RESOURCE.to_owned(), image.address.to_string());
    }
    Ok(Some(tags))
}

/// How to sign in to the account's registry: by a token that holds for twelve hours.
async fn login(cx: &Cx) -> Result<Login, Failure> {
    let sent = cx.ecr.get_authorization_token().send().await;
    let answer = sent.map_err(|error| classify("ecr GetAuthorizationToken", error))?;
    let nothing = || Failure::new(Class::Server, "ECR has given no token to sign in with");
    let data = answer.authorization_data().first().ok_or_else(nothing)?;
    let token = STANDARD.decode(data.authorization_token().unwrap_or_default()).ok();
    let token = token.and_then(|token| String::from_utf8(token).ok()).ok_or_else(nothing)?;
    let (user, password) = token.split_once(':').ok_or_else(nothing)?;
    redact::remember(password);
    let place = data.proxy_endpoint().unwrap_or_default();
    let registry = place.split_once("://").map_or(place, |(_, registry)| registry);
    Ok(Login {
        registry: registry.trim_end_matches('/').to_owned(),
        plain: place.starts_with("http://"),
        user: user.to_owned(),
        password: password.to_owned(),
    })
}
