// The keys of a scenario that say what goes over the fabric, and how: `network`, `disaggregation`, roles of pools.
#pragma once

#include "models/base/document.h"
#include "sim/scenario.h"

namespace headroom::sim {

/// Key `network` of a scenario whose deployments and workloads have been read.
void readNetwork(const Value& value, Scenario& scenario);
/// Key `disaggregation` of a deployment whose pools have been read. Throws InputError if it and the roles do not agree.
void readDisaggregation(Fields& fields, const Value& pools, DeploymentSpec& deployment);
/// Key `start` of a pool whose site has been read.
StartSpec readStart(const Value& value, const std::vector<SiteSpec>& sites, const std::string& site);
/// Key `clients` of a workload.
ClientPlace readClients(const Value& value, const std::vector<SiteSpec>& sites);
/// That KV tiers which are read over the network are where its pools can read them. `engine`: key of the deployment.
void checkTiers(const Value& engine, const DeploymentSpec& deployment, const std::vector<SiteSpec>& sites);
Role readRole(const Value& value, const std::vector<SiteSpec>& sites);

/// Key `network`.
DocumentNode networkNode(const Scenario& scenario);
DocumentNode toDocument(const DisaggregationSpec& disaggregation);
DocumentNode toDocument(const StartSpec& start);
DocumentNode toDocument(const ClientPlace& clients);

}  // namespace headroom::sim
