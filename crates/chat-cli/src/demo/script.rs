//! The conversation of the demonstration.

use super::play::Step::{
    self, Agent, AgentTypes, Customer, CustomerTypes, FailWhileAgentWrites, FailWhileCustomerWrites,
};

/// Who plays the customer.
pub(super) const CUSTOMER: &str = "Noor";
/// Who plays the agent.
pub(super) const AGENT: &str = "Maja";

/// A customer books a ferry.
pub(super) const STEPS: &[Step] = &[
    AgentTypes,
    Agent("Good morning, this is Maja from Harbour Ferries. How can I help?"),
    CustomerTypes,
    Customer("Hello! We would like to take the night ferry to Turku on Friday."),
    Agent("With pleasure. How many are you?"),
    Customer("Two adults and a dog."),
    Customer("And a small camper, 5.40 m long."),
    AgentTypes,
    Agent("How high is the camper?"),
    Customer("2.65 m, with the bicycles on the roof."),
    FailWhileAgentWrites(&[
        "Then it goes on the lower deck. Dogs are welcome in these cabins:",
        "1. Inside, two berths: 84 euros",
        "2. Seaside, two berths: 112 euros",
        "3. Seaside with a balcony: 189 euros",
    ]),
    Customer("The seaside one for 112 euros, please."),
    Agent("Good choice. Breakfast is 14 euros each. Shall I add it?"),
    FailWhileCustomerWrites {
        answer_lost: "Yes, for both of us.",
        offline: &[
            "We do not eat meat, by the way.",
            "Is there somewhere on board to walk the dog?",
        ],
    },
    AgentTypes,
    Agent("Noted: two vegetarian breakfasts."),
    Agent("And yes: the dog deck is on level 9, aft."),
    CustomerTypes,
    Customer("Lovely. When do we have to be at the harbour?"),
    Agent("At 19.15 at the latest. The ferry leaves at 20.15 from pier 4."),
    Customer("And what does it come to?"),
    AgentTypes,
    Agent("341 euros for the camper, the cabin, the dog and breakfast."),
    Customer("Good, please book it."),
    Agent("Booked. The tickets are on their way to you."),
    Customer("Thank you, Maja. Have a nice day!"),
    Agent("And you a smooth crossing!"),
];
