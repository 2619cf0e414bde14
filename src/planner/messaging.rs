//! Topics that a service publishes to, and the queues of a worker with their subscriptions.
//!
//! Names of topics and queues follow from the manifests alone (a FIFO one has another address), so ARNs
//! are known while planning, wherever the other side's manifest is.

use std::collections::BTreeMap;
use std::time::Duration;

use serde_json::{Value, json};

use super::Context;
use super::task::{integer, seconds};
use crate::engine::{Address, Desired, Failure, Identity, Input, Owner, Spec};
use crate::manifest::ServiceManifest;
use crate::manifest::service::{self as manifest, QueueFifo, ServiceType};
use crate::resources::Resource;
use crate::resources::sns::{Topic, TopicArn};
use crate::resources::sqs::{DeadLetters, Deduplication, Queue, QueueArn, Subscription};

/// Seconds that a worker's request waits for a message: fewer empty answers, and fewer to pay for.
const RECEIVE_WAIT: i32 = 10;
/// Dead letters are kept as long as SQS keeps anything.
const DEAD_LETTER_RETENTION: i32 = 1_209_600;

/// What of it other parts of the service need to know.
#[derive(Debug, Default)]
pub(super) struct Messaging {
    /// Variables that tell the containers where topics and queues are.
    pub(super) variables: BTreeMap<String, Input<String>>,
    /// Topics that the tasks publish to.
    pub(super) topics: Vec<Input<TopicArn>>,
    /// Queues that the tasks read, dead letters among them.
    pub(super) queues: Vec<Input<QueueArn>>,
    /// The names of the queues with work in them, as CloudWatch knows them.
    pub(super) waiting: Vec<Input<String>>,
}

/// Plans topics and queues.
pub(super) fn plan(
    desired: &mut Desired,
    context: &Context<'_>,
    service: &ServiceManifest,
) -> Result<Messaging, Failure> {
    let mut planner = Planner { desired, context, service, found: Messaging::default() };
    planner.topics()?;
    if service.service_type == ServiceType::WorkerService {
        planner.queues()?;
    }
    Ok(planner.found)
}

struct Planner<'a> {
    desired: &'a mut Desired,
    context: &'a Context<'a>,
    service: &'a ServiceManifest,
    found: Messaging,
}

impl Planner<'_> {
    fn topics(&mut self) -> Result<(), Failure> {
        let mut arns = BTreeMap::new();
        for topic in &self.service.publish.topics {
            let name =
                address(&format!("{}/{}", self.service.name, topic.name), topic.fifo.is_some());
            let planned = Topic {
                deduplicate_by_content: topic
                    .fifo
                    .as_ref()
                    .is_some_and(|fifo| fifo.content_based_deduplication),
                tags: self.context.tags()?,
                ..Topic::default()
            };
            arns.insert(topic.name.clone(), self.arn::<Topic>("sns", &name));
            let handle = self.desired.add(&super::owner(self.service), name, &planned)?;
            self.found.topics.push(handle.arn());
        }
        if !arns.is_empty() {
            self.say("SHIPIT_TOPIC_ARNS", Input::Known(json!(arns).to_string()));
        }
        Ok(())
    }

    /// One queue for everything, and one for each topic that has its own.
    fn queues(&mut self) -> Result<(), Failure> {
        let service = self.service;
        let mut main = BTreeMap::new();
        let mut own = BTreeMap::new();
        for wanted in &service.subscribe.topics {
            let settings = wanted.queue.as_ref().unwrap_or(&service.subscribe.queue);
            let (key, subscription) = self.subscription(wanted, settings);
            let Some(settings) = &wanted.queue else {
                main.insert(key, subscription);
                continue;
            };
            let name = format!("{}/{}-{}", service.name, wanted.service, wanted.name);
            let queue = self.queue(&name, settings, [(key, subscription)].into())?;
            own.insert(format!("{}/{}", wanted.service, wanted.name), queue);
        }
        let name = format!("{}/events", service.name);
        let settings = &service.subscribe.queue;
        self.queue(&name, settings, main)?;
        let url = self.url(&address(&name, settings.fifo.is_some()));
        self.say("SHIPIT_QUEUE_URI", Input::Known(url));
        if !own.is_empty() {
            self.say("SHIPIT_TOPIC_QUEUE_URIS", Input::Known(json!(own).to_string()));
        }
        Ok(())
    }

    fn subscription(
        &self,
        wanted: &manifest::Subscription,
        settings: &manifest::Queue,
    ) -> (String, Subscription) {
        let fifo = self.is_fifo(wanted).unwrap_or(settings.fifo.is_some());
        let name = address(&format!("{}/{}", wanted.service, wanted.name), fifo);
        let topic = if self.context.services.contains(&wanted.service) {
            crate::engine::Handle::<Topic>::new(&name).arn()
        } else {
            Input::Known(self.arn_of::<Topic>("sns", &name, &wanted.service).into())
        };
        let subscription =
            Subscription { filter: wanted.filter_policy.clone(), ..Subscription::new(topic) };
        (name, subscription)
    }

    /// Whether the topic keeps order, where its service's manifest is here.
    fn is_fifo(&self, wanted: &manifest::Subscription) -> Option<bool> {
        let context = self.context;
        let publisher = context.workspace.service_in(&wanted.service, context.environment).ok()?;
        let topic = publisher.publish.topics.iter().find(|topic| topic.name == wanted.name)?;
        Some(topic.fifo.is_some())
    }

    /// Plans a queue and its dead letters. Returns its URL.
    fn queue(
        &mut self,
        name: &str,
        settings: &manifest::Queue,
        subscriptions: BTreeMap<String, Subscription>,
    ) -> Result<String, Failure> {
        let owner = super::owner(self.service);
        let fifo = settings.fifo.is_some();
        let mut queue = Queue {
            receive_wait: RECEIVE_WAIT,
            deduplication: settings.fifo.as_ref().map(deduplication),
            policy: policy(&subscriptions),
            subscriptions,
            tags: self.context.tags()?,
            ..Queue::default()
        };
        let set = |field: &mut i32, time: Option<Duration>| {
            if let Some(time) = time {
                *field = seconds(time);
            }
        };
        set(&mut queue.retention, settings.retention);
        set(&mut queue.delay, settings.delay);
        set(&mut queue.visibility_timeout, settings.timeout);
        if let Some(letter) = &settings.dead_letter {
            let letters = Queue {
                retention: DEAD_LETTER_RETENTION,
                deduplication: fifo.then(Deduplication::default),
                tags: self.context.tags()?,
                ..Queue::default()
            };
            let name = address(&format!("{name}-dead-letters"), fifo);
            let letters = self.desired.add(&owner, name, &letters)?.arn();
            self.found.queues.push(letters.clone());
            queue.dead_letters = Some(DeadLetters { queue: letters, tries: integer(letter.tries) });
        }
        let name = address(name, fifo);
        let handle = self.desired.add(&owner, &name, &queue)?;
        self.found.queues.push(handle.arn());
        self.found.waiting.push(handle.name());
        Ok(self.url(&name))
    }

    fn say(&mut self, variable: &str, value: Input<String>) {
        self.found.variables.insert(variable.to_owned(), value);
    }

    /// What a resource of this service is called.
    fn physical<R: Resource>(&self, name: &str, service: &str) -> String {
        let identity = Identity {
            application: self.context.application().to_owned(),
            environment: self.context.environment.to_owned(),
            owner: Owner::Service(service.to_owned()),
            address: Address::new(<R as Spec>::KIND, name),
            generation: 1,
            run: String::new(),
        };
        R::name(&identity).unwrap_or_default()
    }

    fn arn<R: Resource>(&self, aws: &str, name: &str) -> String {
        self.arn_of::<R>(aws, name, &self.service.name)
    }

    fn arn_of<R: Resource>(&self, aws: &str, name: &str, service: &str) -> String {
        self.context.arn(aws, &self.physical::<R>(name, service))
    }

    fn url(&self, name: &str) -> String {
        let Context { region, account, partition, .. } = self.context;
        let domain = if *partition == "aws-cn" { "amazonaws.com.cn" } else { "amazonaws.com" };
        let name = self.physical::<Queue>(name, &self.service.name);
        format!("https://sqs.{region}.{domain}/{account}/{name}")
    }
}

/// A FIFO one is another resource: its name in AWS ends in `.fifo`.
fn address(name: &str, fifo: bool) -> String {
    if fifo { format!("{name}.fifo") } else { name.to_owned() }
}

fn deduplication(fifo: &QueueFifo) -> Deduplication {
    let usual = Deduplication::default();
    if fifo.high_throughput {
        return Deduplication {
            by_content: fifo.content_based_deduplication,
            scope: "messageGroup".to_owned(),
            throughput_limit: "perMessageGroupId".to_owned(),
        };
    }
    Deduplication {
        by_content: fifo.content_based_deduplication,
        scope: fifo.deduplication_scope.map_or(usual.scope, |scope| scope.to_string()),
        throughput_limit: fifo
            .throughput_limit
            .map_or(usual.throughput_limit, |limit| limit.to_string()),
    }
}

/// Lets SNS deliver from these topics; `None` where there are none.
fn policy(subscriptions: &BTreeMap<String, Subscription>) -> Option<Value> {
    let topics: Vec<Value> =
        subscriptions.values().map(|subscription| json!(subscription.topic)).collect();
    if topics.is_empty() {
        return None;
    }
    Some(json!({
        "Version": "2012-10-17",
        "Statement": [{
            "Effect": "Allow",
            "Principal": { "Service": "sns.amazonaws.com" },
            "Action": "sqs:SendMessage",
            // The queue whose policy it is.
            "Resource": "*",
            "Condition": { "ArnEquals": { "aws:SourceArn": topics } },
        }],
    }))
}

/// What tasks may do with topics and queues: policies of their role, by name.
pub(super) fn policies(messaging: &Messaging) -> BTreeMap<String, Value> {
    let mut policies = BTreeMap::new();
    let mut allow = |name: &str, actions: &[&str], resources: Value| {
        let statement = json!({ "Effect": "Allow", "Action": actions, "Resource": resources });
        policies
            .insert(name.to_owned(), json!({ "Version": "2012-10-17", "Statement": [statement] }));
    };
    if !messaging.topics.is_empty() {
        allow("publish", &["sns:Publish"], json!(messaging.topics));
    }
    if !messaging.queues.is_empty() {
        let actions = [
            "sqs:ChangeMessageVisibility",
            "sqs:DeleteMessage",
            "sqs:GetQueueAttributes",
            "sqs:GetQueueUrl",
            "sqs:ReceiveMessage",
            "sqs:SendMessage",
        ];
        allow("queues", &actions, json!(messaging.queues));
    }
    policies
}
