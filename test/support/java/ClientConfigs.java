import org.apache.kafka.clients.admin.AdminClientConfig;
import org.apache.kafka.clients.consumer.ConsumerConfig;
import org.apache.kafka.clients.producer.ProducerConfig;

/** Prints every property of Kafka's clients, `kind<TAB>name` a line. */
public class ClientConfigs {
  public static void main(String[] args) {
    ProducerConfig.configNames().forEach(name -> System.out.println("producer\t" + name));
    ConsumerConfig.configNames().forEach(name -> System.out.println("consumer\t" + name));
    AdminClientConfig.configNames().forEach(name -> System.out.println("admin\t" + name));
  }
}
