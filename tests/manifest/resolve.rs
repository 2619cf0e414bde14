//! What a service is in an environment: overrides, defaults, interpolation.

use std::path::Path;

use insta::{assert_json_snapshot, assert_snapshot};
use serde_json::Value;
use shipit::manifest::Workspace;

use super::files::workspace;

fn shop() -> Workspace {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("manifests/shop");
    Workspace::load(&root, &|_| None).unwrap_or_else(|problems| panic!("{problems}"))
}

/// What is said: nothing that is empty or off.
fn said(value: &impl serde::Serialize) -> Value {
    fn prune(value: &mut Value) {
        match value {
            Value::Object(fields) => {
                fields.values_mut().for_each(prune);
                fields.retain(|_, value| !empty(value));
            }
            Value::Array(items) => items.iter_mut().for_each(prune),
            _ => {}
        }
    }
    fn empty(value: &Value) -> bool {
        match value {
            Value::Null | Value::Bool(false) => true,
            Value::Object(fields) => fields.is_empty(),
            Value::Array(items) => items.is_empty(),
            _ => false,
        }
    }
    let mut value = serde_json::to_value(value).unwrap();
    prune(&mut value);
    value
}

#[test]
fn everything_a_service_is_in_an_environment() {
    assert_json_snapshot!(said(&shop().service_in("api", "production").unwrap()), @r#"
    {
      "command": [
        "python",
        "-m",
        "http.server",
        "8080"
      ],
      "count": {
        "autoscaling": {
          "cooldown": {
            "scale_in": {
              "nanos": 0,
              "secs": 180
            },
            "scale_out": {
              "nanos": 0,
              "secs": 30
            }
          },
          "cpu_percentage": {
            "cooldown": {
              "scale_in": {
                "nanos": 0,
                "secs": 180
              },
              "scale_out": {
                "nanos": 0,
                "secs": 30
              }
            },
            "value": 60
          },
          "max": 6,
          "memory_percentage": {
            "cooldown": {
              "scale_in": {
                "nanos": 0,
                "secs": 180
              },
              "scale_out": {
                "nanos": 0,
                "secs": 30
              }
            },
            "value": 75
          },
          "min": 1,
          "spot_from": 3
        }
      },
      "cpu": 256,
      "deployment": {
        "circuit_breaker": {
          "enable": true,
          "reset_on_healthy_task": true,
          "rollback": true
        },
        "rolling": "default",
        "strategy": "rolling"
      },
      "discovery": {
        "routing": "multivalue",
        "ttl": {
          "nanos": 0,
          "secs": 10
        }
      },
      "image": {
        "location": "public.ecr.aws/docker/library/python:3.13-slim",
        "port": 8080
      },
      "kind": "service",
      "kubernetes": {
        "disruption_budget": "usual"
      },
      "logging": {
        "retention": 180
      },
      "memory": 512,
      "mesh": {
        "discovery": {
          "discovery_type": "cloud-map"
        },
        "protocol": "http"
      },
      "name": "api",
      "network": {
        "vpc": {
          "placement": "public"
        }
      },
      "platform": "linux/arm64",
      "retries": 0,
      "secrets": {
        "DATABASE_URL": {
          "secrets_manager": "shop/production/database"
        }
      },
      "service_type": "Backend Service"
    }
    "#);
}

#[test]
fn overrides_merge_maps_and_replace_the_rest() {
    let shop = shop();
    let test = shop.service_in("web", "test").unwrap();
    let production = shop.service_in("web", "production").unwrap();
    assert_json_snapshot!((&test.count, &test.variables, test.cpu, said(&test.logging)), @r#"
    [
      {
        "fixed": 1
      },
      {
        "API_URL": "http://api.test.shop.local:8080",
        "LOG_LEVEL": "debug"
      },
      256,
      {
        "retention": 7
      }
    ]
    "#);
    assert_json_snapshot!((&production.count, &production.variables, said(&production.logging)), @r#"
    [
      {
        "autoscaling": {
          "min": 2,
          "max": 10,
          "spot_from": null,
          "cpu_percentage": {
            "value": 70,
            "cooldown": {
              "scale_in": {
                "secs": 120,
                "nanos": 0
              },
              "scale_out": {
                "secs": 60,
                "nanos": 0
              }
            }
          },
          "memory_percentage": null,
          "requests": {
            "value": 1000,
            "cooldown": {
              "scale_in": {
                "secs": 120,
                "nanos": 0
              },
              "scale_out": {
                "secs": 60,
                "nanos": 0
              }
            }
          },
          "response_time": {
            "value": {
              "secs": 2,
              "nanos": 0
            },
            "cooldown": {
              "scale_in": {
                "secs": 300,
                "nanos": 0
              },
              "scale_out": {
                "secs": 60,
                "nanos": 0
              }
            }
          },
          "queue_delay": null,
          "steps": {},
          "schedules": {},
          "cooldown": {
            "scale_in": {
              "secs": 120,
              "nanos": 0
            },
            "scale_out": {
              "secs": 60,
              "nanos": 0
            }
          }
        }
      },
      {
        "API_URL": "http://api.production.shop.local:8080",
        "LOG_LEVEL": "info"
      },
      {
        "retention": 180
      }
    ]
    "#);
    assert_json_snapshot!((&production.http.as_ref().unwrap().main, &production.network), @r#"
    [
      {
        "path": "/",
        "alias": [
          {
            "name": "shop.example.com",
            "hosted_zone": null
          }
        ],
        "hosted_zone": null,
        "version": "HTTP1",
        "healthcheck": {
          "path": "/healthz",
          "port": null,
          "success_codes": null,
          "healthy_threshold": 2,
          "unhealthy_threshold": null,
          "timeout": null,
          "interval": {
            "secs": 15,
            "nanos": 0
          },
          "grace_period": {
            "secs": 60,
            "nanos": 0
          }
        },
        "stickiness": true,
        "deregistration_delay": {
          "secs": 20,
          "nanos": 0
        },
        "target_container": "nginx",
        "old_target_container": null,
        "target_port": null,
        "allowed_source_ips": [],
        "redirect_to_https": true
      },
      {
        "vpc": {
          "placement": "private",
          "security_groups": {
            "groups": [],
            "deny_default": false
          }
        },
        "connect": {
          "enabled": null,
          "alias": null,
          "protocol": null,
          "discovery_name": null,
          "ingress_port": null,
          "timeouts": {
            "idle": null,
            "request": null
          },
          "tls": null,
          "ports": [],
          "client": false,
          "access_logs": null,
          "logging": null,
          "log_level": null,
          "namespace": null
        },
        "mode": null
      }
    ]
    "#);
    assert_json_snapshot!(shop.service_in("api", "test").unwrap().count, @r#"
    {
      "spot": 1
    }
    "#);
}

#[test]
fn networks_are_filled_in() {
    let shop = shop();
    let subnets =
        |name: &str| serde_json::to_value(&shop.environment(name).unwrap().network).unwrap();
    assert_json_snapshot!((subnets("test"), subnets("production")), @r#"
    [
      {
        "flow_logs": null,
        "security_group": {
          "egress": [],
          "ingress": []
        },
        "vpc": {
          "own": {
            "cidr": "10.0.0.0/16",
            "endpoints": [],
            "ipv6": false,
            "nat": null,
            "private": [
              {
                "cidr": "10.0.128.0/20",
                "zone": null
              },
              {
                "cidr": "10.0.144.0/20",
                "zone": null
              }
            ],
            "public": [
              {
                "cidr": "10.0.0.0/20",
                "zone": null
              },
              {
                "cidr": "10.0.16.0/20",
                "zone": null
              }
            ],
            "zones": 2
          }
        }
      },
      {
        "flow_logs": null,
        "security_group": {
          "egress": [],
          "ingress": []
        },
        "vpc": {
          "own": {
            "cidr": "10.20.0.0/16",
            "endpoints": [],
            "ipv6": false,
            "nat": "per-zone",
            "private": [
              {
                "cidr": "10.20.128.0/20",
                "zone": null
              },
              {
                "cidr": "10.20.144.0/20",
                "zone": null
              },
              {
                "cidr": "10.20.160.0/20",
                "zone": null
              }
            ],
            "public": [
              {
                "cidr": "10.20.0.0/20",
                "zone": null
              },
              {
                "cidr": "10.20.16.0/20",
                "zone": null
              },
              {
                "cidr": "10.20.32.0/20",
                "zone": null
              }
            ],
            "zones": 3
          }
        }
      }
    ]
    "#);
}

#[test]
fn names_that_are_not_there() {
    let shop = shop();
    assert_snapshot!(shop.service_in("webb", "test").unwrap_err(), @r#"
    error: there is no service `webb`
     --> shipit/services/webb.yml
      = help: did you mean `web`?
    "#);
    assert_snapshot!(shop.service_in("web", "staging").unwrap_err(), @r#"
    error: there is no environment `staging`
     --> shipit/environments/staging.yml
      = help: `shipit env ls` lists them
    "#);
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("manifests/shop");
    assert_snapshot!(Workspace::load_for(&root, Some("prodction"), &|_| None).unwrap_err(), @r#"
    error: there is no environment `prodction`
     --> shipit/environments/prodction.yml
      = help: did you mean `production`?
    "#);
}

#[test]
fn a_run_in_one_environment_is_not_stopped_by_another() {
    let service = "kind: service\nname: api\ntype: Backend Service\nimage:\n  location: nginx:${TAG}\n\
                   environments:\n  production:\n    variables:\n      KEY: ${PRODUCTION_KEY}\n";
    let folder = workspace(&[
        ("shipit/application.yml", "kind: application\nname: shop\n"),
        ("shipit/environments/test.yml", "kind: environment\nname: test\n"),
        (
            "shipit/environments/production.yml",
            "kind: environment\nname: production\naccount: ${ACCOUNT}\n",
        ),
        ("shipit/services/api.yml", service),
    ]);
    let variables = |name: &str| (name == "TAG").then(|| "1".to_owned());
    let loaded = Workspace::load_for(folder.path(), Some("test"), &variables)
        .unwrap_or_else(|problems| panic!("{problems}"));
    assert_eq!(
        loaded.service_in("api", "test").unwrap().image.location.as_deref(),
        Some("nginx:1")
    );
    assert_eq!(loaded.environments.len(), 1);
    assert_snapshot!(Workspace::load(folder.path(), &variables).unwrap_err(), @r#"
    error: `${ACCOUNT}` is not defined
     --> shipit/environments/production.yml:3:10
      |
    3 | account: ${ACCOUNT}
      |          ^^^^^^^^^^
      = help: set it before you run shipit (export ACCOUNT=...), or write `\${ACCOUNT}` for the text itself

    error: `${PRODUCTION_KEY}` is not defined
     --> shipit/services/api.yml:9:12
      |
    9 |       KEY: ${PRODUCTION_KEY}
      |            ^^^^^^^^^^^^^^^^^
      = help: set it before you run shipit (export PRODUCTION_KEY=...), or write `\${PRODUCTION_KEY}` for the text itself
    "#);
}

#[test]
fn problems_as_json() {
    let folder =
        workspace(&[("shipit/application.yml", "kind: application\nname: shop\nname: store\n")]);
    assert_json_snapshot!(Workspace::load(folder.path(), &|_| None).unwrap_err(), @r#"
    [
      {
        "severity": "error",
        "file": "shipit/application.yml",
        "line": 3,
        "column": 1,
        "span": {
          "offset": 29,
          "length": 4
        },
        "text": "name: store",
        "message": "`name` stands here twice",
        "help": "keep one of the two",
        "related": [
          {
            "line": 2,
            "column": 1,
            "span": {
              "offset": 18,
              "length": 4
            },
            "text": "name: shop",
            "label": "first here"
          }
        ]
      }
    ]
    "#);
}
