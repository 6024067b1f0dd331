//! Where the tenant is and who asks, for all examples.

use std::error::Error;

use clap::Parser;
use graph_rooms::GraphClient;

#[derive(Parser)]
pub struct Account {
    /// One of the tenant's domains, or its id.
    #[arg(long, env = "GRAPH_TENANT")]
    tenant: String,
    /// The application's id.
    #[arg(long, env = "GRAPH_CLIENT_ID")]
    client_id: String,
    /// The value of its secret; better in the variable than here.
    #[arg(long, env = "GRAPH_SECRET", hide_env_values = true)]
    secret: String,
    /// Another Graph than the worldwide one.
    #[arg(long)]
    base_url: Option<String>,
    /// Another token endpoint.
    #[arg(long)]
    token_url: Option<String>,
}

impl Account {
    pub fn client(self) -> Result<GraphClient, Box<dyn Error>> {
        let mut graph = GraphClient::builder().tenant(self.tenant).client_id(self.client_id).secret(self.secret);
        if let Some(url) = self.base_url {
            graph = graph.base_url(url);
        }
        if let Some(url) = self.token_url {
            graph = graph.token_url(url);
        }
        Ok(graph.build()?)
    }
}
