//! Asks for what exists beside shipit's resources, where manifests name it.

use std::collections::{BTreeMap, BTreeSet};

use super::{Pipeline, Which};
use crate::aws::Cx;
use crate::aws::facts::balancers::{self, Balancer};
use crate::aws::facts::namespaces::{self, Namespace};
use crate::aws::facts::{clusters, images, kubernetes, prefix_lists, zones};
use crate::build;
use crate::cli::Stop;
use crate::engine::{Class, Failure};
use crate::manifest::environment::NamespaceKind;
use crate::planner::{self, ExistingBalancer, ExistingNamespace, HostedZone, Surroundings};
use crate::resources::ecr::Recipe;

impl Pipeline {
    /// Hosted zones and load balancers, asked for once and only where a manifest needs them.
    pub(super) async fn surroundings(&self) -> Result<&Surroundings, Stop> {
        self.surroundings.get_or_try_init(|| self.ask_surroundings()).await
    }

    async fn ask_surroundings(&self) -> Result<Surroundings, Stop> {
        let (workspace, environment) = (&self.workspace, self.target.environment.as_str());
        let services = self.services();
        let cx = &self.account.cx;
        let mut found = Surroundings::default();
        if planner::zones_wanted(workspace, environment, &services) {
            let mut zones = zones::public(cx).await?;
            zones.extend(self.registered(&zones).await?);
            found.zones =
                zones.into_iter().map(|zone| HostedZone { id: zone.id, name: zone.name }).collect();
        }
        if planner::prefix_list_wanted(workspace, environment) {
            found.lattice_prefix_list = Some(prefix_lists::lattice(cx).await?);
        }
        // What goes needs no cluster that is there.
        let goes = matches!(self.which, Which::DeleteService(_) | Which::DeleteEnvironment);
        let cluster = planner::cluster_wanted(workspace, environment).filter(|_| !goes);
        if let Some(name) = cluster {
            let there = clusters::cluster(cx, name).await?.filter(|it| it.status != "INACTIVE");
            let place = format!("{} of account {}", cx.region, cx.account);
            match there {
                None => {
                    return Err(Stop::refused(
                        format!("there is no cluster `{name}` in {place}"),
                        "`aws ecs list-clusters` prints those that are; correct `cluster` in the environment's manifest",
                    ));
                }
                Some(it) if it.status != "ACTIVE" => {
                    return Err(Stop::refused(
                        format!(
                            "cluster `{name}` in {place} is {}, and takes no services",
                            it.status
                        ),
                        "wait until it is ACTIVE, or name another under `cluster` in the environment's manifest",
                    ));
                }
                Some(it) => found.providers = Some(it.providers),
            }
        }
        for name in planner::balancers_wanted(workspace, environment, &services) {
            let Some(balancer) = balancers::balancer(cx, &name).await? else {
                return Err(Stop::refused(
                    format!(
                        "there is no load balancer `{name}` in {} of account {}",
                        cx.region, cx.account
                    ),
                    "`aws elbv2 describe-load-balancers` prints those that are; correct `http.alb`",
                ));
            };
            found.balancers.insert(name.clone(), existing(&name, balancer)?);
        }
        if let Some(id) = planner::namespace_wanted(workspace, environment) {
            let Some(namespace) = namespaces::namespace(cx, id).await? else {
                return Err(Stop::refused(
                    format!(
                        "there is no namespace `{id}` in {} of account {}",
                        cx.region, cx.account
                    ),
                    "`aws servicediscovery list-namespaces` prints those that are; correct `discovery.id`",
                ));
            };
            found.namespaces.insert(id.to_owned(), existing_namespace(cx, namespace));
        }
        if planner::version_wanted(workspace, environment) {
            found.kubernetes.default = kubernetes::default_version(cx).await?;
        }
        let addons = planner::addons_wanted(workspace, environment).into_iter();
        let asked = addons.map(|name| async {
            let versions = kubernetes::addon_versions(cx, &name).await?;
            Ok::<_, crate::engine::Failure>((name, versions))
        });
        found.kubernetes.addons =
            futures_util::future::try_join_all(asked).await?.into_iter().collect();
        found.plain_kubernetes = planner::class_settings_wanted(workspace, environment)
            && crate::cli::local::plain_kubernetes(&self.global).await?;
        match &self.promoted {
            Some(promoted) => found.promoted = promoted.clone(),
            None => {
                found.contents = self.contents(&services).await?;
                found.digests = self.digests(&services).await?;
            }
        }
        Ok(found)
    }

    /// What the folders hold that images are built from.
    async fn contents(
        &self,
        services: &BTreeSet<String>,
    ) -> Result<BTreeMap<Recipe, String>, Stop> {
        let wanted = planner::builds_wanted(&self.workspace, &self.target.environment, services);
        let root = self.workspace.root.clone();
        let read = tokio::task::spawn_blocking(move || {
            let tag = |recipe: Recipe| Ok((recipe.clone(), build::tag(&root, &recipe)?));
            wanted.into_iter().map(tag).collect::<Result<_, build::Unusable>>()
        });
        let read = read.await.map_err(|error| Failure::internal(error.to_string()))?;
        read.map_err(|unusable| Stop::failed(unusable.message, unusable.hint))
    }

    /// Which images are meant by tags in ECR now. What cannot be told stays as it is written.
    async fn digests(&self, services: &BTreeSet<String>) -> Result<BTreeMap<String, String>, Stop> {
        let wanted = planner::locations_wanted(&self.workspace, &self.target.environment, services);
        let cx = &self.account.cx;
        let asked = wanted.into_iter().map(|location| async move {
            match images::digest(cx, &location).await {
                Ok(digest) => Ok(digest.map(|resolved| (location, resolved))),
                Err(failure) if matches!(failure.class, Class::Denied | Class::NotServed) => {
                    Ok(None)
                }
                Err(failure) => Err(failure),
            }
        });
        let found = futures_util::future::try_join_all(asked).await?;
        Ok(found.into_iter().flatten().collect())
    }
}

impl Pipeline {
    /// The zone of the application's domain where there is none and the account is local AWS, on which nobody can
    /// register a domain: it is made.
    async fn registered(&self, there: &[zones::Zone]) -> Result<Option<zones::Zone>, Stop> {
        let domain = self.workspace.application.domain.as_ref().filter(|domain| {
            let known = there.iter().any(|zone| zone.name == domain.name);
            self.global.local && domain.hosted_zone.is_none() && !known
        });
        let Some(domain) = domain else { return Ok(None) };
        let zone = zones::make(&self.account.cx, &domain.name).await?;
        let text = format!("local AWS: `{}` is registered now, and has a hosted zone", domain.name);
        self.terminal.tell(&text);
        Ok(Some(zone))
    }
}

fn existing_namespace(cx: &Cx, found: Namespace) -> ExistingNamespace {
    let foreign = !found.arn.contains(&format!(":{}:", cx.account));
    ExistingNamespace {
        // Another account's is known by its ARN alone.
        id: if foreign { found.arn.clone() } else { found.id },
        arn: found.arn,
        name: found.name,
        kind: match found.kind.as_str() {
            "HTTP" => NamespaceKind::Http,
            "DNS_PUBLIC" => NamespaceKind::Public,
            _ => NamespaceKind::Private,
        },
    }
}

fn existing(name: &str, found: Balancer) -> Result<ExistingBalancer, Stop> {
    let listener = |protocol: &str, usual: i32| {
        let mut speaks = found.listeners.iter().filter(|(_, spoken, _)| spoken == protocol);
        let first = speaks.clone().next();
        speaks.find(|(port, ..)| *port == usual).or(first).map(|(.., arn)| arn.clone())
    };
    let (http, https) = (listener("HTTP", 80), listener("HTTPS", 443));
    if found.kind != "application" || (http.is_none() && https.is_none()) {
        let what = match found.kind.as_str() {
            "application" => "has no listener for HTTP or HTTPS".to_owned(),
            kind => format!("is a {kind} load balancer"),
        };
        return Err(Stop::refused(
            format!("load balancer `{name}` {what}, so it cannot serve `http`"),
            "name an application load balancer that listens on 80 or 443 under `http.alb`",
        ));
    }
    Ok(ExistingBalancer {
        full_name: found.arn.split_once("loadbalancer/").map_or("", |(_, name)| name).to_owned(),
        dns_name: found.dns_name,
        hosted_zone: found.hosted_zone,
        security_groups: found.security_groups,
        http,
        https,
        priorities: found.priorities,
    })
}
