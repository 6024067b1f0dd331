//! What every client of a vendor leaves to its [`HttpClient`](crate::HttpClient) to be set.

/// Writes the setters that the builder of a vendor's client passes on to its [`HttpClientBuilder`](crate::HttpClientBuilder),
/// which stands in a field `http`. Each comes with its documentation; `timeouts` may be left out, for a builder with its own.
///
/// ```
/// use connector_http::{HttpClient, HttpClientBuilder, Pace};
///
/// /// Settings of a client.
/// pub struct AcmeBuilder {
///     http: HttpClientBuilder,
/// }
///
/// impl AcmeBuilder {
///     connector_http::client_settings! {
///         trust: "Which certificate of the server to trust.",
///         timeouts: "How long anything may take.",
///         retry: "How often a failed read is repeated.",
///         pace: "How fast calls may follow each other.",
///         label: "The name of this server in logs.",
///     }
/// }
///
/// let acme = AcmeBuilder { http: HttpClient::builder("https://acme.example") }.label("acme").pace(Pace::unlimited());
/// assert_eq!(acme.http.build()?.label(), "acme");
/// # Ok::<(), connector_http::Error>(())
/// ```
#[macro_export]
macro_rules! client_settings {
    (
        trust: $trust:literal,
        $(timeouts: $timeouts:literal,)?
        retry: $retry:literal,
        pace: $pace:literal,
        label: $label:literal,
    ) => {
        #[doc = $trust]
        pub fn trust(mut self, trust: $crate::Trust) -> Self {
            self.http = self.http.trust(trust);
            self
        }

        $(
            #[doc = $timeouts]
            pub fn timeouts(mut self, timeouts: $crate::Timeouts) -> Self {
                self.http = self.http.timeouts(timeouts);
                self
            }
        )?

        #[doc = $retry]
        pub fn retry(mut self, retry: $crate::RetryPolicy) -> Self {
            self.http = self.http.retry(retry);
            self
        }

        #[doc = $pace]
        pub fn pace(mut self, pace: $crate::Pace) -> Self {
            self.http = self.http.pace(pace);
            self
        }

        #[doc = $label]
        pub fn label(mut self, label: impl Into<String>) -> Self {
            self.http = self.http.label(label);
            self
        }

        /// Another way to carry requests, such as a recorder or a replay.
        pub fn transport(mut self, transport: ::std::sync::Arc<dyn $crate::Transport>) -> Self {
            self.http = self.http.transport(transport);
            self
        }

        /// Another clock, for tests.
        pub fn clock(mut self, clock: ::std::sync::Arc<dyn $crate::Clock>) -> Self {
            self.http = self.http.clock(clock);
            self
        }
    };
}
