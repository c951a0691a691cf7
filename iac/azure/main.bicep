// One function app on Flex Consumption: predictions over HTTP, and batch scoring of files dropped into a container.
//
//   az deployment group create --resource-group GROUP --template-file iac/azure/main.bicep --parameters name=churn
//   az functionapp deployment source config-zip --resource-group GROUP --name APP --src build/azure/app.zip
//
// main.json says the same for whoever has no Bicep; a test compares the two.

@description('Beginning of every name; lower case, digits and hyphens.')
@minLength(3)
@maxLength(18)
param name string

@description('Where all of it stands.')
param location string = resourceGroup().location

@description('Version of the Python that the archive was built for.')
@allowed([
  '3.11'
  '3.12'
  '3.13'
])
param python string = '3.13'

@description('Memory of an instance; 2,048 MB come with one core.')
@allowed([
  512
  2048
  4096
])
param instanceMemoryMB int = 2048

@description('Instances at most.')
@minValue(40)
@maxValue(1000)
param maximumInstances int = 100

@description('Instances that always wait for HTTP requests, at their price; 0 for none.')
@minValue(0)
param alwaysReady int = 0

@description('Which key HTTP requests must bring; anonymous for none, behind a gateway that asks.')
@allowed([
  'function'
  'admin'
  'anonymous'
])
param authLevel string = 'function'

@description('How HTTP requests get to the worker; see docs/decisions/0007-azure-carrier.md.')
@allowed([
  'streaming'
  'plain'
])
param carrier string = 'streaming'

@description('sha256 of the bundle\'s bundle.json; another bundle is refused then.')
param bundleDigest string = ''

@description('Days that logs are kept.')
@minValue(30)
@maxValue(730)
param logDays int = 30

var suffix = uniqueString(resourceGroup().id, name)
var hostAccount = 'host${suffix}'
var dataAccount = 'data${suffix}'
var appName = '${name}-${suffix}'
var ready = [
  {
    name: 'http'
    instanceCount: alwaysReady
  }
]
var threads = instanceMemoryMB == 4096 ? '2' : '1'
var blobDataOwner = subscriptionResourceId('Microsoft.Authorization/roleDefinitions', 'b7e6dc6d-f1e8-4753-8033-0f276bb0955b')
var blobDataContributor = subscriptionResourceId('Microsoft.Authorization/roleDefinitions', 'ba92f5b4-2d11-453d-a403-e96b0029c9fe')
var blobDataReader = subscriptionResourceId('Microsoft.Authorization/roleDefinitions', '2a2b9908-6ea1-4ae2-8e65-a410df84e7d1')
var queueDataContributor = subscriptionResourceId('Microsoft.Authorization/roleDefinitions', '974c5e8b-45b9-4653-ba55-5f855dd0fb88')
var queueMessageSender = subscriptionResourceId('Microsoft.Authorization/roleDefinitions', 'c6a89b2d-59bc-44d0-9896-0f6e12d7b80a')
var tableDataContributor = subscriptionResourceId('Microsoft.Authorization/roleDefinitions', '0a9a7e1f-b9d0-4cc4-a60d-0319b160aaa3')
var metricsPublisher = subscriptionResourceId('Microsoft.Authorization/roleDefinitions', '3913510d-42f4-4e42-8a64-420c390055eb')

// Who the app is: no key of anything is in its settings.
resource identity 'Microsoft.ManagedIdentity/userAssignedIdentities@2023-01-31' = {
  name: appName
  location: location
}

// What the Functions host keeps for itself: the archive, leases of timers, keys.
resource host 'Microsoft.Storage/storageAccounts@2023-05-01' = {
  name: hostAccount
  location: location
  kind: 'StorageV2'
  sku: {
    name: 'Standard_ZRS'
  }
  properties: {
    allowBlobPublicAccess: false
    allowSharedKeyAccess: false
    defaultToOAuthAuthentication: true
    minimumTlsVersion: 'TLS1_2'
    supportsHttpsTrafficOnly: true
    allowCrossTenantReplication: false
    networkAcls: {
      defaultAction: 'Allow'
      bypass: 'AzureServices'
    }
  }
}

resource hostBlobs 'Microsoft.Storage/storageAccounts/blobServices@2023-05-01' = {
  parent: host
  name: 'default'
  properties: {
    deleteRetentionPolicy: {
      enabled: true
      days: 7
    }
  }
}

resource deployments 'Microsoft.Storage/storageAccounts/blobServices/containers@2023-05-01' = {
  parent: hostBlobs
  name: 'deployments'
  properties: {
    publicAccess: 'None'
  }
}

// What is dropped and what comes of it; in an account of its own, so that the host's role reaches none of it.
resource data 'Microsoft.Storage/storageAccounts@2023-05-01' = {
  name: dataAccount
  location: location
  kind: 'StorageV2'
  sku: {
    name: 'Standard_ZRS'
  }
  properties: {
    allowBlobPublicAccess: false
    allowSharedKeyAccess: false
    defaultToOAuthAuthentication: true
    minimumTlsVersion: 'TLS1_2'
    supportsHttpsTrafficOnly: true
    allowCrossTenantReplication: false
    networkAcls: {
      defaultAction: 'Allow'
      bypass: 'AzureServices'
    }
  }
}

resource dataBlobs 'Microsoft.Storage/storageAccounts/blobServices@2023-05-01' = {
  parent: data
  name: 'default'
  properties: {
    deleteRetentionPolicy: {
      enabled: true
      days: 7
    }
  }
}

resource drops 'Microsoft.Storage/storageAccounts/blobServices/containers@2023-05-01' = {
  parent: dataBlobs
  name: 'drops'
  properties: {
    publicAccess: 'None'
  }
}

resource results 'Microsoft.Storage/storageAccounts/blobServices/containers@2023-05-01' = {
  parent: dataBlobs
  name: 'results'
  properties: {
    publicAccess: 'None'
  }
}

resource undelivered 'Microsoft.Storage/storageAccounts/blobServices/containers@2023-05-01' = {
  parent: dataBlobs
  name: 'undelivered'
  properties: {
    publicAccess: 'None'
  }
}

resource dataQueues 'Microsoft.Storage/storageAccounts/queueServices@2023-05-01' = {
  parent: data
  name: 'default'
  properties: {}
}

resource dropsQueue 'Microsoft.Storage/storageAccounts/queueServices/queues@2023-05-01' = {
  parent: dataQueues
  name: 'drops'
  properties: {}
}

resource dropsPoison 'Microsoft.Storage/storageAccounts/queueServices/queues@2023-05-01' = {
  parent: dataQueues
  name: 'drops-poison'
  properties: {}
}

resource chunks 'Microsoft.Storage/storageAccounts/queueServices/queues@2023-05-01' = {
  parent: dataQueues
  name: 'chunks'
  properties: {}
}

resource chunksPoison 'Microsoft.Storage/storageAccounts/queueServices/queues@2023-05-01' = {
  parent: dataQueues
  name: 'chunks-poison'
  properties: {}
}

resource dataTables 'Microsoft.Storage/storageAccounts/tableServices@2023-05-01' = {
  parent: data
  name: 'default'
  properties: {}
}

resource jobs 'Microsoft.Storage/storageAccounts/tableServices/tables@2023-05-01' = {
  parent: dataTables
  name: 'jobs'
  properties: {}
}

resource logs 'Microsoft.OperationalInsights/workspaces@2023-09-01' = {
  name: appName
  location: location
  properties: {
    sku: {
      name: 'PerGB2018'
    }
    retentionInDays: logDays
    features: {
      disableLocalAuth: true
    }
  }
}

resource insights 'Microsoft.Insights/components@2020-02-02' = {
  name: appName
  location: location
  kind: 'web'
  properties: {
    Application_Type: 'web'
    WorkspaceResourceId: logs.id
    DisableLocalAuth: true
  }
}

resource plan 'Microsoft.Web/serverfarms@2024-04-01' = {
  name: appName
  location: location
  kind: 'functionapp'
  sku: {
    name: 'FC1'
    tier: 'FlexConsumption'
  }
  properties: {
    reserved: true
    zoneRedundant: false
  }
}

resource app 'Microsoft.Web/sites@2024-04-01' = {
  name: appName
  location: location
  kind: 'functionapp,linux'
  identity: {
    type: 'UserAssigned'
    userAssignedIdentities: {
      '${identity.id}': {}
    }
  }
  properties: {
    serverFarmId: plan.id
    httpsOnly: true
    clientAffinityEnabled: false
    keyVaultReferenceIdentity: identity.id
    siteConfig: {
      minTlsVersion: '1.2'
      scmMinTlsVersion: '1.2'
      ftpsState: 'Disabled'
      http20Enabled: true
    }
    functionAppConfig: {
      deployment: {
        storage: {
          type: 'blobContainer'
          value: '${host.properties.primaryEndpoints.blob}deployments'
          authentication: {
            type: 'UserAssignedIdentity'
            userAssignedIdentityResourceId: identity.id
          }
        }
      }
      runtime: {
        name: 'python'
        version: python
      }
      scaleAndConcurrency: {
        instanceMemoryMB: instanceMemoryMB
        maximumInstanceCount: maximumInstances
        alwaysReady: alwaysReady == 0 ? [] : ready
      }
    }
  }
}

resource settings 'Microsoft.Web/sites/config@2024-04-01' = {
  parent: app
  name: 'appsettings'
  properties: {
    AzureWebJobsStorage__accountName: host.name
    AzureWebJobsStorage__credential: 'managedidentity'
    AzureWebJobsStorage__clientId: identity.properties.clientId
    AzureWebJobsDisableHomepage: 'true'
    APPLICATIONINSIGHTS_CONNECTION_STRING: insights.properties.ConnectionString
    APPLICATIONINSIGHTS_AUTHENTICATION_STRING: 'ClientId=${identity.properties.clientId};Authorization=AAD'
    PYTHON_ENABLE_INIT_INDEXING: '1'
    ONEHANDLER_AUTH_LEVEL: authLevel
    ONEHANDLER_CARRIER: carrier
    ONEHANDLER_THREADS: threads
    ONEHANDLER_SERVICE: name
    ONEHANDLER_BUNDLE_DIGEST: bundleDigest
    ONEHANDLER_STORAGE__accountName: data.name
    ONEHANDLER_STORAGE__blobServiceUri: data.properties.primaryEndpoints.blob
    ONEHANDLER_STORAGE__queueServiceUri: data.properties.primaryEndpoints.queue
    ONEHANDLER_STORAGE__tableServiceUri: data.properties.primaryEndpoints.table
    ONEHANDLER_STORAGE__credential: 'managedidentity'
    ONEHANDLER_STORAGE__clientId: identity.properties.clientId
    ONEHANDLER_DROPS: 'queue'
    ONEHANDLER_BATCH_DROPS: 'drops'
    ONEHANDLER_BATCH_DROPS_QUEUE: 'drops'
    ONEHANDLER_BATCH_RESULTS: 'results'
    ONEHANDLER_BATCH_QUEUE: 'chunks'
    ONEHANDLER_BATCH_LEDGER: 'jobs'
  }
}

// FTP and web deploy would take a password.
resource noFtp 'Microsoft.Web/sites/basicPublishingCredentialsPolicies@2024-04-01' = {
  parent: app
  name: 'ftp'
  properties: {
    allow: false
  }
}

resource noScm 'Microsoft.Web/sites/basicPublishingCredentialsPolicies@2024-04-01' = {
  parent: app
  name: 'scm'
  properties: {
    allow: false
  }
}

// The host writes its archive, leases and keys.
resource hostRole 'Microsoft.Authorization/roleAssignments@2022-04-01' = {
  scope: host
  name: guid(host.id, identity.id, blobDataOwner)
  properties: {
    roleDefinitionId: blobDataOwner
    principalId: identity.properties.principalId
    principalType: 'ServicePrincipal'
  }
}

resource dropsRole 'Microsoft.Authorization/roleAssignments@2022-04-01' = {
  scope: drops
  name: guid(drops.id, identity.id, blobDataReader)
  properties: {
    roleDefinitionId: blobDataReader
    principalId: identity.properties.principalId
    principalType: 'ServicePrincipal'
  }
}

resource resultsRole 'Microsoft.Authorization/roleAssignments@2022-04-01' = {
  scope: results
  name: guid(results.id, identity.id, blobDataContributor)
  properties: {
    roleDefinitionId: blobDataContributor
    principalId: identity.properties.principalId
    principalType: 'ServicePrincipal'
  }
}

// Takes messages, sends chunks, and puts what fails into the poison queues.
resource queuesRole 'Microsoft.Authorization/roleAssignments@2022-04-01' = {
  scope: data
  name: guid(data.id, identity.id, queueDataContributor)
  properties: {
    roleDefinitionId: queueDataContributor
    principalId: identity.properties.principalId
    principalType: 'ServicePrincipal'
  }
}

resource jobsRole 'Microsoft.Authorization/roleAssignments@2022-04-01' = {
  scope: jobs
  name: guid(jobs.id, identity.id, tableDataContributor)
  properties: {
    roleDefinitionId: tableDataContributor
    principalId: identity.properties.principalId
    principalType: 'ServicePrincipal'
  }
}

resource insightsRole 'Microsoft.Authorization/roleAssignments@2022-04-01' = {
  scope: insights
  name: guid(insights.id, identity.id, metricsPublisher)
  properties: {
    roleDefinitionId: metricsPublisher
    principalId: identity.properties.principalId
    principalType: 'ServicePrincipal'
  }
}

// Dropped files are told of by Event Grid, through a queue: an event waits there until it has been planned.
resource events 'Microsoft.EventGrid/systemTopics@2022-06-15' = {
  name: appName
  location: location
  identity: {
    type: 'SystemAssigned'
  }
  properties: {
    source: data.id
    topicType: 'Microsoft.Storage.StorageAccounts'
  }
}

resource eventsQueueRole 'Microsoft.Authorization/roleAssignments@2022-04-01' = {
  scope: dropsQueue
  name: guid(dropsQueue.id, events.id, queueMessageSender)
  properties: {
    roleDefinitionId: queueMessageSender
    principalId: events.identity.principalId
    principalType: 'ServicePrincipal'
  }
}

resource eventsDeadRole 'Microsoft.Authorization/roleAssignments@2022-04-01' = {
  scope: undelivered
  name: guid(undelivered.id, events.id, blobDataContributor)
  properties: {
    roleDefinitionId: blobDataContributor
    principalId: events.identity.principalId
    principalType: 'ServicePrincipal'
  }
}

resource dropped 'Microsoft.EventGrid/systemTopics/eventSubscriptions@2022-06-15' = {
  parent: events
  name: 'drops'
  properties: {
    eventDeliverySchema: 'EventGridSchema'
    deliveryWithResourceIdentity: {
      identity: {
        type: 'SystemAssigned'
      }
      destination: {
        endpointType: 'StorageQueue'
        properties: {
          resourceId: data.id
          queueName: 'drops'
          queueMessageTimeToLiveInSeconds: -1
        }
      }
    }
    deadLetterWithResourceIdentity: {
      identity: {
        type: 'SystemAssigned'
      }
      deadLetterDestination: {
        endpointType: 'StorageBlob'
        properties: {
          resourceId: data.id
          blobContainerName: 'undelivered'
        }
      }
    }
    filter: {
      includedEventTypes: [
        'Microsoft.Storage.BlobCreated'
      ]
      subjectBeginsWith: '/blobServices/default/containers/drops/'
    }
    retryPolicy: {
      maxDeliveryAttempts: 30
      eventTimeToLiveInMinutes: 1440
    }
  }
  dependsOn: [
    eventsQueueRole
    eventsDeadRole
  ]
}

output url string = 'https://${app.properties.defaultHostName}'
output app string = app.name
output storage string = data.name
