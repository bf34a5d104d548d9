import com.fasterxml.jackson.databind.ObjectMapper;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.apache.kafka.connect.json.JsonConverter;
import org.apache.kafka.connect.runtime.distributed.DistributedConfig;
import org.apache.kafka.connect.storage.ClusterConfigState;
import org.apache.kafka.connect.storage.ConfigBackingStore;
import org.apache.kafka.connect.storage.KafkaConfigBackingStore;
import org.apache.kafka.connect.util.ConnectorTaskId;
import org.apache.kafka.connect.util.SharedTopicAdmin;

/** `ConfigTopic BOOTSTRAP TOPIC CONNECTOR…`: what Kafka's own config store makes of a topic, as one line of JSON. */
public class ConfigTopic {
    public static void main(String[] args) throws Exception {
        JsonConverter converter = new JsonConverter();
        converter.configure(Map.of("schemas.enable", "false"), false);
        Map<String, String> properties = new HashMap<>();
        properties.put("bootstrap.servers", args[0]);
        properties.put("group.id", args[1]);
        properties.put("config.storage.topic", args[1]);
        properties.put("offset.storage.topic", args[1]);
        properties.put("status.storage.topic", args[1]);
        properties.put("config.storage.replication.factor", "1");
        properties.put("key.converter", JsonConverter.class.getName());
        properties.put("value.converter", JsonConverter.class.getName());
        SharedTopicAdmin admin = new SharedTopicAdmin(Map.of("bootstrap.servers", args[0]));
        DistributedConfig config = new DistributedConfig(properties);
        KafkaConfigBackingStore store = new KafkaConfigBackingStore(converter, config, null, admin, "test");
        store.setUpdateListener(new Silent());
        store.start();
        ClusterConfigState state = store.snapshot();
        Map<String, Object> answer = new HashMap<>();
        answer.put("offset", state.offset());
        for (int i = 2; i < args.length; i++) answer.put(args[i], describe(state, args[i]));
        System.out.println(new ObjectMapper().writeValueAsString(answer));
        store.stop();
        admin.close();
    }

    private static Map<String, Object> describe(ClusterConfigState state, String connector) {
        List<Object> tasks = new ArrayList<>();
        for (ConnectorTaskId task : state.tasks(connector)) tasks.add(state.taskConfig(task));
        Map<String, Object> answer = new HashMap<>();
        answer.put("config", state.connectorConfig(connector));
        answer.put("target", state.contains(connector) ? state.targetState(connector).name() : null);
        answer.put("taskCount", state.taskCount(connector));
        answer.put("tasks", tasks);
        answer.put("applied", state.appliedConnectorConfig(connector));
        answer.put("inconsistent", state.inconsistentConnectors().contains(connector));
        answer.put("generation", state.taskConfigGeneration(connector));
        answer.put("taskCountRecord", state.taskCountRecord(connector));
        answer.put("pendingFencing", state.pendingFencing(connector));
        return answer;
    }

    private static class Silent implements ConfigBackingStore.UpdateListener {
        public void onConnectorConfigRemove(String connector) { }
        public void onConnectorConfigUpdate(String connector) { }
        public void onTaskConfigUpdate(java.util.Collection<ConnectorTaskId> tasks) { }
        public void onConnectorTargetStateChange(String connector) { }
        public void onSessionKeyUpdate(org.apache.kafka.connect.runtime.SessionKey key) { }
        public void onRestartRequest(org.apache.kafka.connect.runtime.RestartRequest request) { }
        public void onLoggingLevelUpdate(String namespace, String level) { }
    }
}
