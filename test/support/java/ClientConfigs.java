import java.util.HashMap;
import java.util.Map;
import org.apache.kafka.clients.admin.AdminClientConfig;
import org.apache.kafka.clients.consumer.ConsumerConfig;
import org.apache.kafka.clients.producer.ProducerConfig;
import org.apache.kafka.common.config.ConfigDef;
import org.apache.kafka.common.config.ConfigException;

/**
 * Prints every property of Kafka's clients, `kind<TAB>name<TAB>type<TAB>importance<TAB>default` a line, the default as `required`,
 * `null` or behind `=`. With values as arguments, then for each property but class names and each value
 * `kind<TAB>name<TAB>value<TAB>complaint`, the complaint empty when the value is taken.
 */
public class ClientConfigs {
  public static void main(String[] values) {
    print("producer", ProducerConfig.configDef(), values);
    print("consumer", ConsumerConfig.configDef(), values);
    print("admin", AdminClientConfig.configDef(), values);
  }

  private static void print(String kind, ConfigDef definition, String[] values) {
    Map<String, Object> required = new HashMap<>();
    for (ConfigDef.ConfigKey key : definition.configKeys().values()) {
      boolean needed = key.defaultValue == ConfigDef.NO_DEFAULT_VALUE;
      if (needed) required.put(key.name, key.type == ConfigDef.Type.CLASS ? String.class : "localhost:9092");
      String text = needed ? null : ConfigDef.convertToString(key.defaultValue, key.type);
      String preset = needed ? "required" : text == null ? "null" : "=" + text;
      System.out.println(String.join("\t", kind, key.name, key.type.toString(), key.importance.toString(), preset));
    }
    for (ConfigDef.ConfigKey key : definition.configKeys().values()) {
      if (key.type == ConfigDef.Type.CLASS) continue;
      for (String value : values) {
        Map<String, Object> properties = new HashMap<>(required);
        properties.put(key.name, value);
        String complaint = "";
        try {
          definition.parse(properties);
        } catch (ConfigException e) {
          complaint = e.getMessage();
        }
        System.out.println(String.join("\t", kind, key.name, value, complaint));
      }
    }
  }
}
